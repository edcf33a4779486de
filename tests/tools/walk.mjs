// Runs the setup and both connections in headless Chromium, without JavaScript, and takes screenshots of Evergrant's pages.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { SETUP, CONSENT_URL, POWER_AUTOMATE, WORKFRONT, UNREGISTERED, PICTURES, CHROMIUM = '/usr/bin/chromium' } = process.env;

/** Of a longer section, the guides show the beginning. */
const MAX_HEIGHT = 800;

await mkdir(PICTURES, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A fresh browser profile. No page may need JavaScript or load anything from elsewhere. */
async function person(options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 900, height: 700 }, ...options });
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('requestfailed', (request) => requests.push(`failed: ${request.url()}`));
  return { page, requests };
}

async function see(page, text) {
  const body = await page.textContent('body');
  if (!body.includes(text)) throw new Error(`"${text}" is not on ${page.url()}: ${body.replaceAll(/\s+/g, ' ')}`);
}

async function signIn(page, name) {
  await see(page, 'Log in');
  await page.click(`button:has-text("${name}")`);
  const allow = page.locator('button:has-text("Allow")');
  if (await allow.count()) await allow.click();
}

async function picture(page, name, fullPage = true) {
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage });
}

async function section(page, heading, name) {
  const { x, y, width, height } = await page.locator(`section:has(> #${heading})`).boundingBox();
  const clip = { x: x - 20, y: y - 20, width: width + 40, height: Math.min(height + 40, MAX_HEIGHT) };
  await page.screenshot({ path: join(PICTURES, `${name}.png`), clip, fullPage: true });
}

/** The setup page before consent: the failed checks, and the cards for DocuSign and for the platforms. */
async function setup() {
  const { page, requests } = await person({ viewport: { width: 900, height: 860 } });
  await page.goto(SETUP);
  await see(page, 'Not everything works yet');
  await see(page, 'Consent for every scope');
  if (requests.length !== 1) throw new Error(`the page loads more than itself: ${requests}`);
  await picture(page, 'setup-checks', false);
  await section(page, 'docusign', 'setup-docusign');
  await section(page, 'connect', 'setup-connect');
}

/** The setup page when everything works. */
async function working() {
  const { page } = await person({ viewport: { width: 900, height: 860 } });
  await page.goto(SETUP);
  await see(page, 'Everything works');
  await picture(page, 'setup-works', false);
}

async function consent() {
  const { page } = await person();
  await page.goto(CONSENT_URL);
  await signIn(page, 'Integration Robot');
  await see(page, 'The connection works');
  await picture(page, 'consent');
}

async function powerAutomate() {
  const { page } = await person();
  await page.goto(POWER_AUTOMATE);
  await page.click('a:has-text("Create a connection")');
  await signIn(page, 'Integration Robot');
  await see(page, 'Connected.');
  await picture(page, 'power-automate-connected');
  await page.click('button:has-text("Refresh now")');
  await see(page, 'Refreshed, by three machines at once.');
  await page.click('button:has-text("Run a flow")');
  await see(page, 'DocuSign answered 200 OK to Integration Robot.');
}

async function workfront() {
  const { page } = await person();
  await page.goto(WORKFRONT);
  await page.click('a:has-text("Add service")');
  await signIn(page, 'Other Person');
  await see(page, 'Service added.');
  await picture(page, 'workfront-connected');
  await page.click('button:has-text("Invalidate the access token")');
  await page.click('button:has-text("Browse documents")');
  await see(page, 'Example Ltd');
  await see(page, 'Refreshed 1 times.');
}

async function unregistered() {
  const { page, requests } = await person();
  await page.goto(UNREGISTERED);
  await see(page, 'This redirect URI is not registered');
  if (await page.locator('a').count()) throw new Error('there is something to click on');
  if (requests.length !== 1) throw new Error(`the page loads more than itself: ${requests}`);
  await picture(page, 'unregistered-redirect-uri');
  const phone = await person({ viewport: { width: 360, height: 700 }, colorScheme: 'dark' });
  await phone.page.goto(UNREGISTERED);
  const { width } = await phone.page.locator('main').boundingBox();
  if (width > 360) throw new Error(`wider than a phone: ${width}`);
}

/** An attacker sends the victim the last step of the attacker's own sign-in. */
async function fixation() {
  const { page: attacker } = await person();
  await attacker.goto(`${WORKFRONT}/connect`);
  const form = {
    query: await attacker.inputValue('input[name=query]'),
    user: await attacker.getAttribute('button:has-text("Other Person")', 'value'),
  };
  const signIn = new URL('/oauth/auth/sign-in', attacker.url()).href;
  const answer = await attacker.context().request.post(signIn, { form, maxRedirects: 0 });
  const lastStep = answer.headers().location;
  if (!lastStep?.includes('/consent/callback?code=')) throw new Error(`no last step: ${lastStep}`);
  const { page: victim } = await person();
  await victim.goto(lastStep);
  await see(victim, 'This sign-in cannot continue');
  await picture(victim, 'sign-in-over');
}

try {
  await setup();
  await consent();
  await working();
  await powerAutomate();
  await workfront();
  await unregistered();
  await fixation();
  console.log('ok');
} finally {
  await browser.close();
}
