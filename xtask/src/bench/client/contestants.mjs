// What is compared: banners on one and the same page, asking for the same. Each knows where its
// banner and its buttons are, as functions that run in the page.

const TITLE = 'We use cookies';
const TEXT =
  'We use cookies and similar technologies to run this shop, to count visits and to measure advertising. Accept all, refuse what is not necessary, or choose for yourself.';
const PURPOSES = [
  ['necessary', 'Necessary', 'Used to remember your choice about cookies.'],
  ['analytics', 'Analytics', 'Used to count which pages are viewed.'],
  ['marketing', 'Advertising', 'Used to measure which advertisement led to a visit.'],
];
const ACCEPT = 'Accept all';
const REFUSE = 'Refuse all';
const CHOOSE = 'Choose';

/** Nothing: what a page costs without a banner. */
const empty = { name: 'empty page', head: '' };

/** Written straight into the page: nothing that is fetched can be faster. */
const floor = {
  name: 'floor (in the page)',
  head: `<style>#floor{position:fixed;inset:auto 0 0;padding:1rem;background:#fff;border-top:1px solid}</style>
<script>addEventListener('DOMContentLoaded',()=>{if(document.cookie.includes('floor='))document.getElementById('floor').remove();else document.getElementById('floor').onclick=e=>{if(e.target.name){document.cookie='floor='+e.target.name+';max-age=9999';e.currentTarget.remove()}}})</script>`,
  body: `<section id="floor"><h2>${TITLE}</h2><p>${TEXT}</p><button name="yes">${ACCEPT}</button> <button name="no">${REFUSE}</button> <button name="set">${CHOOSE}</button></section>`,
  banner: () => document.getElementById('floor'),
  accept: () => document.querySelector('#floor [name=yes]'),
  refuse: () => document.querySelector('#floor [name=no]'),
};

const COLLECTOR = process.env.COLLECTOR;
const tag = collector => `<script async src="${collector}/s/shop/ashiato.js"></script>`;
const ashiato = {
  name: 'Ashiato',
  head: tag(COLLECTOR),
  banner: () => document.querySelector('ashiato-consent')?.shadowRoot.querySelector('[part~=accept]')?.closest('section'),
  accept: () => document.querySelector('ashiato-consent')?.shadowRoot.querySelector('[part~=accept]'),
  refuse: () => document.querySelector('ashiato-consent')?.shadowRoot.querySelector('[part~=reject]'),
  choose: () => document.querySelector('ashiato-consent')?.shadowRoot.querySelector('[part~=customise]'),
  dialog: () => document.querySelector('ashiato-consent')?.shadowRoot.querySelector('dialog[open]'),
};

/** By a name that browsers take for another site: the collector sees no cookies, and cannot tell who has to be asked. */
const elsewhere = { ...ashiato, name: 'Ashiato, on another site', head: tag(COLLECTOR?.replace('localhost', '127.0.0.1')) };

const vanilla = {
  name: 'vanilla-cookieconsent 3.1.0',
  folder: 'vanilla-cookieconsent/dist',
  head: `<link rel="stylesheet" href="/vanilla-cookieconsent/dist/cookieconsent.css">
<script type="module">import * as CookieConsent from '/vanilla-cookieconsent/dist/cookieconsent.esm.js';CookieConsent.run(${JSON.stringify({
    hideFromBots: false,
    categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
    language: {
      default: 'en',
      translations: {
        en: {
          consentModal: { title: TITLE, description: TEXT, acceptAllBtn: ACCEPT, acceptNecessaryBtn: REFUSE, showPreferencesBtn: CHOOSE },
          preferencesModal: {
            title: CHOOSE,
            acceptAllBtn: ACCEPT,
            acceptNecessaryBtn: REFUSE,
            savePreferencesBtn: 'Save',
            sections: PURPOSES.map(([linkedCategory, title, description]) => ({ title, description, linkedCategory })),
          },
        },
      },
    },
  })})</script>`,
  banner: () => document.querySelector('#cc-main .cm'),
  accept: () => document.querySelector('#cc-main .cm [data-role=all]'),
  refuse: () => document.querySelector('#cc-main .cm [data-role=necessary]'),
  choose: () => document.querySelector('#cc-main .cm [data-role=show]'),
  dialog: () => document.querySelector('.show--preferences #cc-main .pm'),
};

const orejime = {
  name: 'orejime 3.2.1',
  folder: 'orejime/dist',
  head: `<link rel="stylesheet" href="/orejime/dist/orejime-standard.css">
<script>window.orejimeConfig=${JSON.stringify({
    privacyPolicyUrl: '/privacy',
    purposes: PURPOSES.map(([id, title, description]) => ({ id, title, description, cookies: [], isMandatory: id === 'necessary' })),
    translations: { banner: { description: TEXT, accept: ACCEPT, decline: REFUSE, configure: CHOOSE } },
  })}</script>
<script defer src="/orejime/dist/orejime-standard-en.js"></script>`,
  banner: () => document.querySelector('.orejime-Banner'),
  accept: () => document.querySelector('.orejime-Banner-saveButton'),
  refuse: () => document.querySelector('.orejime-Banner-declineButton'),
  choose: () => document.querySelector('.orejime-Banner-learnMoreButton'),
  dialog: () => document.querySelector('.orejime-Modal'),
};

export const contestants = [empty, floor, ashiato, elsewhere, vanilla, orejime];
export { ashiato, empty, orejime, vanilla };
