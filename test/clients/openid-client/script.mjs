// openid-client, told by standard input what to do with a real STS, and reporting on standard output what came of it. Whatever the client
// refuses ends the script.
//
//   {"issuer": ADDRESS, "task": NAME, "client": ID, "secret": SECRET, "scope": SCOPES, ...}
import { readFileSync } from 'node:fs';

import * as oidc from 'openid-client';

const LIMIT_S = 20;
const REDIRECT = 'https://localhost:5454/callback';

const { task, issuer, client, secret, scope, ...more } = JSON.parse(readFileSync(0, 'utf8'));

const discover = (id = client, auth = oidc.ClientSecretPost(secret)) =>
  oidc.discovery(new URL(issuer), id, undefined, auth, { timeout: LIMIT_S });

// visit opens an address as a browser does that keeps cookies, and returns the first answer that is no redirect to the STS itself.
async function visit(address) {
  const cookies = new Map();
  for (let at = new URL(address); ;) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie }, signal: AbortSignal.timeout(LIMIT_S * 1000) });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (!location) return { page: await response.text() };
    at = new URL(location, at);
    if (at.origin !== new URL(issuer).origin) return { address: at };
  }
}

const plain = (text) => text.replace(/&#(x?)([0-9a-f]+);/gi, (_, hex, code) => String.fromCodePoint(parseInt(code, hex ? 16 : 10)))
  .replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

// posted is the request that the browser makes of the page that posts itself to the client.
function posted(page) {
  const attribute = (tag, name) => plain(tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? '');
  const fields = [...page.matchAll(/<input\b[^>]*>/g)].map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value')]);
  const action = attribute(page.match(/<form\b[^>]*>/)?.[0] ?? '', 'action');
  return new Request(action, { method: 'POST', body: new URLSearchParams(fields) });
}

// refused runs what has to fail and returns the code of the error.
async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error.error ?? error.cause?.status ?? String(error);
  }
  return 'done';
}

async function signIn(config, parameters, checks, answerOf) {
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const address = oidc.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, scope, state, nonce, ...parameters });
  const response = answerOf(await visit(address));
  return oidc.authorizationCodeGrant(config, response, { expectedState: state, expectedNonce: nonce, idTokenExpected: true, ...checks });
}

const codeSignIn = async (config) => {
  const verifier = oidc.randomPKCECodeVerifier();
  const challenge = { code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' };
  return signIn(config, challenge, { pkceCodeVerifier: verifier }, ({ address }) => address);
};

// followUp does what an application goes on to do: asks who the user is, and refreshes twice.
async function followUp(config, tokens) {
  const { sub, name } = tokens.claims();
  const user = await oidc.fetchUserInfo(config, tokens.access_token, sub);
  const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  const third = await oidc.refreshTokenGrant(config, second.refresh_token);
  return {
    tokens: third,
    report: {
      user: sub.split('|').slice(0, -1).join('|'), // the last part is made anew for each sign-in
      name, sameName: user.name === name, expires: tokens.expires_in,
      rotated: new Set([tokens, second, third].map((answer) => answer.refresh_token)).size,
      sameSubject: [second, third].every((answer) => answer.claims()?.sub === sub),
      usedTwice: await refused(oidc.refreshTokenGrant(config, tokens.refresh_token)),
    },
  };
}

const tasks = {
  async code() {
    const config = await discover();
    const { tokens, report } = await followUp(config, await codeSignIn(config));
    const out = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token ?? '' });
    return { ...report, signOut: out.pathname };
  },

  async hybrid() {
    const config = await discover();
    oidc.useCodeIdTokenResponseType(config);
    const { report } = await followUp(config, await signIn(config, { response_mode: 'form_post' }, {}, ({ page }) => posted(page)));
    return report;
  },

  async credentials() {
    const tokens = await oidc.clientCredentialsGrant(await discover(), { scope, acr_values: more.acr });
    const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url'));
    return { type: tokens.token_type, refresh: 'refresh_token' in tokens, client: claims.client_id, organisation: claims.orgselected };
  },

  async introspection() {
    const config = await discover();
    const tokens = await codeSignIn(config);
    const api = await discover(more.api, oidc.ClientSecretPost(more.apiSecret));
    const basicApi = await discover(more.basicAPI, oidc.ClientSecretBasic(more.basicSecret));
    const told = await oidc.tokenIntrospection(api, tokens.access_token);
    const other = await oidc.tokenIntrospection(basicApi, tokens.access_token);
    return {
      active: told.active, scope: told.scope, client: told.client_id, sameSubject: told.sub === tokens.claims().sub,
      basic: other.active, basicScope: other.scope,
      refreshToken: (await oidc.tokenIntrospection(api, tokens.refresh_token)).active,
      byClient: await refused(oidc.tokenIntrospection(config, tokens.access_token)),
    };
  },

  async revocation() {
    const config = await discover();
    const api = await discover(more.api, oidc.ClientSecretPost(more.apiSecret));
    const tokens = await codeSignIn(config);
    const active = async () => (await oidc.tokenIntrospection(api, tokens.access_token)).active;
    const before = await active();
    await oidc.tokenRevocation(config, tokens.refresh_token, { token_type_hint: 'refresh_token' });
    return { before, after: await active(), refresh: await refused(oidc.refreshTokenGrant(config, tokens.refresh_token)) };
  },

  // faults signs in as each of the clients, and reports why the ID token was refused.
  async faults() {
    const reasons = {};
    for (const id of more.clients) {
      const config = await discover(id);
      oidc.enableNonRepudiationChecks(config); // signatures too, which RFC-abiding clients needn't check of what comes by TLS
      reasons[id] = await codeSignIn(config).then(() => 'done', ({ code, cause }) => `${code} ${cause?.cause?.claim ?? ''}`.trim());
    }
    return reasons;
  },

  // RFC 6749 section 2.3.1 has the name and the secret form-encoded before they go into the header, and IdentityServer3 doesn't undo it:
  // "-" becomes "%2D", and the client is unknown.
  async basic() {
    const asWritten = (_, { client_id: id }, __, headers) => headers.set('authorization', `Basic ${btoa(`${id}:${secret}`)}`);
    const encoded = await discover(client, oidc.ClientSecretBasic(secret));
    const raw = await discover(client, asWritten);
    return {
      encoded: await refused(oidc.clientCredentialsGrant(encoded, { scope })),
      asWritten: await refused(oidc.clientCredentialsGrant(raw, { scope })),
    };
  },
};

process.stdout.write(JSON.stringify(await tasks[task]()));
