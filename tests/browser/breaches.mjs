// WCAG 2.2 AA as far as a machine can tell.

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
