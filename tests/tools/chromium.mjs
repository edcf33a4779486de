// Headless Chromium, and what a person does in it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { PICTURES, CHROMIUM = '/usr/bin/chromium' } = process.env;

await mkdir(PICTURES, { recursive: true });
export const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A fresh browser profile. No page may need JavaScript or load anything from elsewhere. */
export async function person(options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 900, height: 700 }, ...options });
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('requestfailed', (request) => requests.push(`failed: ${request.url()}`));
  return { page, requests };
}

export async function see(page, text) {
  const body = await page.textContent('body');
  if (!body.includes(text)) throw new Error(`"${text}" is not on ${page.url()}: ${body.replaceAll(/\s+/g, ' ')}`);
}

/** Signs in at DocuSign, and presses Allow if it asks. */
export async function signIn(page, name) {
  await see(page, 'Log in');
  await page.click(`button:has-text("${name}")`);
  const allow = page.locator('button:has-text("Allow")');
  if (await allow.count()) await allow.click();
}

/** A picture of an element, with a margin; by default of the whole content. Of a higher one, the beginning. */
export async function picture(page, name, selector = 'main', maxHeight = Infinity) {
  const { x, y, width, height } = await page.locator(selector).boundingBox();
  const clip = { x: Math.max(0, x - 20), y: Math.max(0, y - 20), width: width + 40, height: Math.min(height + 40, maxHeight) };
  await page.screenshot({ path: join(PICTURES, `${name}.png`), clip, fullPage: true });
}

/** A picture of the window. */
export async function windowPicture(page, name) {
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** Runs each walk in order, then closes the browser. */
export async function run(...walks) {
  try {
    for (const walk of walks) await walk();
    console.log('ok');
  } finally {
    await browser.close();
  }
}
