// What is wrong with a page as far as a machine can tell: by WCAG 2.2 AA, by its size, and by what its scripts complain of.

import axe from 'axe-core';

const RULES = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };

/** Every breach that axe finds in a page, once the page has what it is drawn with. */
export async function breaches(page) {
  await page.waitForLoadState(); // elements are there before the style sheet is
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(rules => self.axe.run(document, rules), RULES);
  const node = ({ target, failureSummary }) => `${target.flat().join(' ')} ${failureSummary}`;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(node).join('; ')}`);
}

const TARGETS = 'button, input:not([type=hidden]), select, textarea, summary, nav a, .tile, .chip';

/** What is too small to hit (WCAG 2.2, 2.5.8), or makes one scroll sideways. */
export const misshapen = page =>
  page.evaluate(targets => {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    for (const element of document.querySelectorAll(targets)) {
      if (!element.checkVisibility()) continue;
      const { width, height, left, right } = element.getBoundingClientRect();
      const name = element.outerHTML.slice(0, 80);
      if (width < 24 || height < 24) found.push(`${name} is ${width} x ${height}`);
      if (element.matches('select, .chip') && (left < 0 || right > innerWidth)) found.push(`${name} reaches from ${left} to ${right}`);
    }
    return found;
  }, TARGETS);

/** A browser of an own, and what goes wrong in it. */
export async function open(stack, options) {
  const context = await stack.browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', error => problems.push(`exception: ${error}`));
  page.on('console', message => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  return { context, page, problems };
}
