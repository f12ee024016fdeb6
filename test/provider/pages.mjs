// The sign-in and consent pages. The ones oidc-provider brings load a font from the network, which would hold a browser up on a
// machine without one; these are plain forms that a browser and a plain HTTP client can both fill in.
import { levels } from './curity.mjs';

const MAX_BODY = 16 * 1024;

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text) => String(text).replace(/[&<>"']/g, (char) => escapes[char]);

function page(res, title, form) {
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  res.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title></head><body><main><h1>${title}</h1>${form}</main></body></html>`);
}

async function formOf(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error('the form is too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function show(res, { prompt, params }) {
  if (prompt.name === 'login') {
    page(res, 'Sign in', `<form method="post"><p><label>User name
<input name="login" autocomplete="username" required value="${escaped(params.login_hint ?? '')}"></label></p>
<p><button name="decision" value="allow">Sign in</button> <button name="decision" value="refuse" formnovalidate>Cancel</button></p></form>`);
    return;
  }
  page(res, 'Allow access?', `<form method="post"><p>${escaped(params.client_id)} asks for: ${escaped(params.scope)}</p>
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="refuse">Refuse</button></p></form>`);
}

async function grantOf(provider, { grantId, prompt, params, session }) {
  const known = grantId ? await provider.Grant.find(grantId) : undefined;
  const grant = known ?? new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  return grant.save();
}

async function answer(provider, details, form) {
  if (form.get('decision') !== 'allow') {
    return { error: 'access_denied', error_description: 'the user said no' };
  }
  if (details.prompt.name === 'login') {
    // Of the levels that are asked for, the first one is how the user signs in; without any, the provider's own.
    const [acr] = process.env.CURITY ? [...(details.params.acr_values ?? '').split(' ').filter(Boolean), ...levels] : [];
    return { login: { accountId: form.get('login'), ...(acr ? { acr } : {}) } };
  }
  return { consent: { grantId: await grantOf(provider, details) } };
}

// interaction shows the page that the running authorization request needs, or takes the answer that was given on it.
export async function interaction(provider, req, res) {
  const details = await provider.interactionDetails(req, res);
  if (req.method !== 'POST') {
    show(res, details);
    return;
  }
  const result = await answer(provider, details, await formOf(req));
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: result.error === undefined });
}
