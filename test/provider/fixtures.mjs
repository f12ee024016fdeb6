import { generateKeyPairSync } from 'node:crypto';

// The clients and users of the test provider. Clients are of type native, so that a loopback redirect may use any port (RFC 8252
// section 7.3): a fixed one, or whichever is free.
const redirects = ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost/callback'];

const base = {
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: redirects,
  post_logout_redirect_uris: redirects,
};

// The secrets hold what must be percent-encoded in a form and, by RFC 6749 section 2.3.1, before Basic encoding too.
export const clients = [
  { ...base, client_id: 'simsid-public', token_endpoint_auth_method: 'none' },
  { ...base, client_id: 'simsid-post', token_endpoint_auth_method: 'client_secret_post', client_secret: 'post: 100% of+it&more/=' },
  { ...base, client_id: 'simsid-basic', token_endpoint_auth_method: 'client_secret_basic', client_secret: 'basic: 100% of+it&more/=' },
  // What userinfo and introspection say to this one is signed (OpenID Connect Core 5.3.2, RFC 9701).
  {
    ...base, client_id: 'simsid-signed', token_endpoint_auth_method: 'client_secret_post', client_secret: 'signed-secret',
    userinfo_signed_response_alg: 'RS256', introspection_signed_response_alg: 'RS256',
  },
  // Hybrid is for web clients alone, and there https alone, on anything but localhost. The port is fixed: it is compared as a string.
  {
    ...base, application_type: 'web', client_id: 'simsid-hybrid', token_endpoint_auth_method: 'client_secret_post', client_secret: 'hybrid-secret',
    grant_types: ['authorization_code', 'refresh_token', 'implicit'], response_types: ['code id_token', 'code token', 'code id_token token'],
    redirect_uris: ['https://127.0.0.1:45571/callback'], post_logout_redirect_uris: [],
  },
  {
    ...base, client_id: 'simsid-device', token_endpoint_auth_method: 'none', response_types: [], redirect_uris: [],
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  },
];

// Clients that sign who they are, one for each algorithm; the private halves are given to the test, in the two forms of a file.
const pairs = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 3072 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};

export const keys = {};
for (const [alg, [type, options]] of Object.entries(pairs)) {
  const { privateKey, publicKey } = generateKeyPairSync(type, options);
  const client_id = `simsid-${alg.toLowerCase()}`;
  keys[client_id] = {
    pem: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    jwk: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'key-1', alg }),
  };
  clients.push({
    ...base, client_id, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg,
    grant_types: [...base.grant_types, 'urn:ietf:params:oauth:grant-type:device_code'],
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg, use: 'sig' }] },
  });
}

// accountOf makes a user of whatever name was typed: every user name exists, and none has a password.
export function accountOf(id) {
  const name = id.charAt(0).toUpperCase() + id.slice(1);
  return {
    accountId: id,
    claims: () => ({
      sub: id,
      name: `${name} Example`,
      given_name: name,
      family_name: 'Example',
      preferred_username: id,
      email: `${id}@example.com`,
      email_verified: true,
    }),
  };
}
