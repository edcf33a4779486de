// Looks at a page as people do, on a phone and on a wide screen, in light and in dark: axe-core finds nothing, nothing is wider than the
// window, everything is reached by the keyboard, and what needs JavaScript is a convenience. Takes pictures.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { PAGE, NAME, PICTURES, CHROMIUM = '/usr/bin/chromium' } = process.env;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

await mkdir(PICTURES, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const foreign = [];
  page.on('request', (request) => { if (!request.url().startsWith(new URL(PAGE).origin)) foreign.push(request.url()); });
  await page.goto(PAGE);
  if (foreign.length) throw new Error(`the page loads ${foreign}`);
  return page;
}

async function accessible(width, colorScheme) {
  // axe is put in from outside, which the page's own policy would forbid.
  const page = await open({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  if (violations.length) throw new Error(`${width} px, ${colorScheme}: ${JSON.stringify(violations, null, 1)}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (wide) throw new Error(`wider than ${width} px`);
  await page.screenshot({ path: join(PICTURES, `${NAME}-${width}-${colorScheme}.png`), fullPage: true });
}

async function withoutJavaScript() {
  const page = await open({ javaScriptEnabled: false, viewport: { width: 900, height: 700 } });
  if (await page.locator('button').count()) throw new Error('a button that does nothing');
  await page.screenshot({ path: join(PICTURES, `${NAME}.png`), fullPage: true });
}

async function copies() {
  const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  const complaints = [];
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  await page.getByRole('button', { name: 'Copy the public key' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Copied').first().waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  if (!copied.startsWith('-----BEGIN PUBLIC KEY-----')) throw new Error(`copied: ${copied}`);
  if (complaints.length) throw new Error(complaints.join('\n'));
}

for (const width of [360, 1440]) for (const scheme of ['light', 'dark']) await accessible(width, scheme);
await withoutJavaScript();
await copies();
await browser.close();
console.log('ok');
