// A simulated browser user: follows redirects, keeps cookies, signs in at the simulated DocuSign and presses Allow.

const environment = (name) => process.env[name] ?? fail(`${name} is not set`);

function fail(message) {
  console.error(message);
  process.exit(1);
}

export const issuer = environment('ISSUER');
export const clientId = environment('CLIENT_ID');
export const clientSecret = process.env.CLIENT_SECRET;
export const redirectUri = environment('REDIRECT_URI');
export const user = environment('DOCUSIGN_USER');

/** The private key of a client that signs assertions, as PEM, and its `kid`. */
const { PRIVATE_KEY, KEY_ID } = process.env;

/** The key for private_key_jwt; undefined for clients without one. */
export const privateKey = PRIVATE_KEY && {
  kid: KEY_ID,
  key: await crypto.subtle.importKey(
    'pkcs8',
    Buffer.from(PRIVATE_KEY.replace(/-----.*-----/g, ''), 'base64'),
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    false,
    ['sign'],
  ),
};

/** Opens `url`, follows redirects, and returns the address below `stopAt` that they lead to. */
export async function signIn(url, stopAt = redirectUri) {
  const cookies = new Map();
  let request = { url: String(url), options: {} };
  for (let step = 0; step < 20; step++) {
    const answer = await load(request, cookies);
    const location = answer.headers.get('location');
    if (location) {
      const next = new URL(location, request.url).href;
      if (next.startsWith(stopAt)) return new URL(next);
      request = { url: next, options: {} };
    } else {
      request = press(await answer.text(), request.url);
    }
  }
  fail('too many pages');
}

/** Opens `url`, follows all redirects, and returns the last page. */
export async function browse(url) {
  const cookies = new Map();
  let request = { url: String(url), options: {} };
  for (let step = 0; step < 20; step++) {
    const answer = await load(request, cookies);
    const location = answer.headers.get('location');
    const html = await answer.text();
    if (location) request = { url: new URL(location, request.url).href, options: {} };
    else if (html.includes('name=query')) request = press(html, request.url);
    else return html;
  }
  fail('too many pages');
}

async function load({ url, options }, cookies) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await fetch(url, { ...options, redirect: 'manual', headers: { ...options.headers, cookie } });
  for (const line of answer.headers.getSetCookie()) {
    const [name, value] = line.split(';')[0].split('=');
    cookies.set(name, value);
  }
  return answer;
}

/** The sign-in page's or the consent page's form, filled in. */
function press(html, url) {
  const query = html.match(/name=query value='([^']*)'/)?.[1];
  if (!query) fail(`nothing to press at ${url}: ${html}`);
  const form = new URLSearchParams({ query: query.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&') });
  const consent = html.includes('name=decision');
  form.set(consent ? 'decision' : 'user', consent ? 'allow' : user);
  const action = new URL(consent ? '/oauth/auth/decision' : '/oauth/auth/sign-in', url).href;
  return { url: action, options: { method: 'POST', body: form } };
}

export function check(condition, message) {
  if (!condition) fail(`failed: ${message}`);
}
