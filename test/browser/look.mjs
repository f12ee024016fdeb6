// What the scripts here have in common: Debian's Chromium, a person's hands, and an eye for what would keep somebody from using a page.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

export const DESKTOP = { width: 1024, height: 720 };
export const PHONE = { width: 360, height: 740 };
const STEP_MS = 15_000;

// The last are for machines without a network: Chromium looks for its maker's servers otherwise.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

// open starts a browser with one page. Without motion, so that a page never has to be waited for between two colours.
export async function open(options = {}) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: FLAGS, timeout: 60_000 });
  const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB', reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(STEP_MS);
  return { browser, page: await context.newPage() };
}

// press presses a control as the chosen kind of person would. By keyboard it must be reachable from the page's start with Tab.
export async function press(page, control, keyboard, key = 'Enter') {
  if (!keyboard) {
    await control.click();
    return;
  }
  await reach(page, control);
  await page.keyboard.press(key);
}

async function reach(page, control) {
  const wanted = await control.elementHandle();
  const focused = () => wanted.evaluate((element) => element === document.activeElement);
  for (let tabs = 0; tabs < 100 && !(await focused()); tabs += 1) await page.keyboard.press('Tab');
  if (!(await focused())) throw new Error(`${page.url()}: a control can't be reached with Tab`);
}

// type fills in a field; by keyboard it is reached like any control, and what it held is replaced.
export async function type(page, field, text, keyboard) {
  if (!keyboard) {
    await field.fill(text);
    return;
  }
  await reach(page, field);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

// inspect asks axe for what would keep somebody from using the page, in both colour schemes, and whether it fits a phone.
export async function inspect(page) {
  const violations = new Set();
  await page.evaluate(axe);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(() => globalThis.axe.run());
    for (const { id, nodes } of found.violations) violations.add(`${colorScheme}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  await page.setViewportSize(DESKTOP);
  return { violations: [...violations], fits };
}
