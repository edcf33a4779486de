// The addresses that a sandbox prints after its walk, in headless Chromium: every page works, and nothing is used up.
import { person, run, see, windowPicture } from './chromium.mjs';
import { consent, powerAutomate, workfront } from './flows.mjs';

const { START, CONSENT_URL, SETUP } = process.env;

/** The consent page offers both answers, and Deny leads back. */
async function deny() {
  const { page } = await person();
  await page.goto(CONSENT_URL);
  await page.click('button:has-text("Integration Robot")');
  if (!await page.locator('button:has-text("Allow")').isVisible()) throw new Error('there is no Allow');
  await page.click('button:has-text("Deny")');
  await see(page, 'denied');
}

async function setup() {
  const { page } = await person();
  await page.goto(SETUP);
  await see(page, 'Everything works');
}

/** Without JavaScript, the page shows the state and the faults' effects after each button. */
async function plain() {
  const { page, requests } = await person({ colorScheme: 'dark' });
  await page.goto(START);
  for (const part of ['Setup page', 'Consent link', 'Power Automate', 'Workfront', 'DocuSign CLM', 'SharePoint', 'Key Vault', 'Functions host']) {
    await see(page, part);
  }
  if (requests.length !== 1) throw new Error(`the page loads more than itself: ${requests}`);
  await page.click('tr:has(th:text-is("key-vault")) button:text-is("forbidden")');
  await see(page, 'answers 403');
  await page.click('button:has-text("Repair everything")');
  await see(page, 'All faults are off');
  const { background } = await page.evaluate(() => ({ background: getComputedStyle(document.body).backgroundColor }));
  if (background !== 'rgb(18, 22, 29)') throw new Error(`not dark: ${background}`);
}

/** With JavaScript, log lines and counters appear on their own. */
async function live() {
  const { page } = await person({ javaScriptEnabled: true, viewport: { width: 1000, height: 980 } });
  await page.goto(START);
  const lines = await page.locator('#log li').count();
  await page.locator('#power-automate:text-is("connected")').waitFor();
  await page.context().request.get(`${new URL(SETUP).origin}/healthz`);
  await page.locator('#log li:first-child:has-text("/healthz")').waitFor();
  if (lines === 0) throw new Error('the log was empty');
  await windowPicture(page, 'sandbox-start');
}

await run(plain, setup, deny, powerAutomate, consent, workfront, live);
