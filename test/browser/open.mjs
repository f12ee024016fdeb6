// A person at Chromium, for simsid to start as its $BROWSER: opens the address it is given, signs in on the emulator's pages, and waits
// for the page that ends a login. simsid shows nobody what its browser says, so all that a test wants to know goes into a report.
//
//   SIMSID_TEST_REPORT        the file or pipe to write the report to, as JSON
//   SIMSID_TEST_USER          whose button to press on the sign-in page: a part of what it says
//   SIMSID_TEST_LOGIN         or, in place of it, the login name to type, and
//   SIMSID_TEST_PASSWORD      the password
//   SIMSID_TEST_ORGANISATION  which button to press where the emulator asks for an organisation: a part of what it says
//   SIMSID_TEST_SHOTS         a folder for screenshots of each page; none without it
//   SIMSID_TEST_BROWSE        "mouse" (the default), "keyboard", or "noscript": by mouse with scripts switched off
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DESKTOP, inspect, open, PHONE, press, type } from './look.mjs';

const LIMIT_MS = 100_000;
const MAX_PAGES = 6;

const {
  SIMSID_TEST_REPORT, SIMSID_TEST_SHOTS, SIMSID_TEST_BROWSE = 'mouse',
  SIMSID_TEST_USER, SIMSID_TEST_LOGIN = '', SIMSID_TEST_PASSWORD = '', SIMSID_TEST_ORGANISATION = '',
} = process.env;
const keyboard = SIMSID_TEST_BROWSE === 'keyboard';
const scripts = SIMSID_TEST_BROWSE !== 'noscript';
const report = { pages: [], landing: null, error: '' };

function finish(error) {
  if (error) report.error = String(error.stack ?? error);
  if (SIMSID_TEST_REPORT) writeFileSync(SIMSID_TEST_REPORT, JSON.stringify(report, null, 2));
  process.exit(error ? 1 : 0);
}

// shoot keeps what a page looks like: in light and dark, on a desk and on a phone.
async function shoot(page, name) {
  if (!SIMSID_TEST_SHOTS) return;
  for (const [width, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(SIMSID_TEST_SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: 'light' });
}

// look inspects the page; without scripts that can't be done.
const look = (page) => (scripts ? inspect(page) : { violations: [], fits: true });

async function see(page, name) {
  await shoot(page, name);
  report.pages.push({ name, title: await page.title(), ...await look(page) });
}

async function signIn(page) {
  if (SIMSID_TEST_USER) {
    await press(page, page.getByRole('button', { name: SIMSID_TEST_USER }).first(), keyboard);
    return;
  }
  await type(page, page.getByLabel('Login name', { exact: true }), SIMSID_TEST_LOGIN, keyboard);
  await type(page, page.getByLabel('Password', { exact: true }), SIMSID_TEST_PASSWORD, keyboard);
  await press(page, page.getByRole('button', { name: 'Sign in', exact: true }), keyboard);
}

async function chooseOrganisation(page) {
  await press(page, page.getByRole('button', { name: SIMSID_TEST_ORGANISATION }).first(), keyboard);
}

// atIMIS signs in on the site's front page, or, once it knows who is there, follows the link to simsid.
async function atIMIS(page) {
  const link = page.getByRole('link', { name: 'Go to' }).first();
  await (await link.count() ? press(page, link, keyboard) : signIn(page));
}

const answers = { '/login': ['sign-in', signIn], '/organisation': ['choice', chooseOrganisation], '/': ['members', atIMIS] };
// With scripts this page sends itself on.
if (!scripts) answers['/single-sign-on'] = ['content item', (page) => press(page, page.getByRole('button', { name: 'Continue' }), keyboard)];

async function browse(address) {
  const { browser, page } = await open({ javaScriptEnabled: scripts });
  page.on('pageerror', (error) => { report.pageError = String(error); });
  page.on('console', (message) => {
    // The page of a login that failed is no error of the page.
    const status = message.text().startsWith('Failed to load resource') && message.location().url === page.url();
    if (message.type() === 'error' && !status) report.pageError = message.text();
  });
  let status = 0;
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) status = response.status();
  });
  await page.goto(address);
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const at = new URL(page.url());
    const known = answers[at.pathname];
    if (!known) break;
    await see(page, known[0]);
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), known[1](page)]);
  }
  // A page may send itself on: the one that says how the login went is the last.
  await page.waitForURL(({ pathname }) => pathname.startsWith('/finished/'));
  const { search, hash } = new URL(page.url());
  report.landing = { title: await page.title(), status, query: search + hash };
  await shoot(page, 'landing');
  Object.assign(report.landing, await look(page));
  await browser.close();
}

setTimeout(() => finish(new Error(`not done after ${LIMIT_MS / 1000} seconds`)), LIMIT_MS).unref();
browse(process.argv[2]).then(() => finish(), finish);
