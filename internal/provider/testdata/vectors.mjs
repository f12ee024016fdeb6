// Makes vectors.json: for each algorithm a token that node's crypto has signed, with its key.
//   node internal/provider/testdata/vectors.mjs > internal/provider/testdata/vectors.json
import { createHmac, generateKeyPairSync, randomBytes, sign, constants } from 'node:crypto'

const b64 = (v) => Buffer.from(v).toString('base64url')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pair = {
  RS: rsa, PS: rsa,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: generateKeyPairSync('ed25519'),
}
const claims = { iss: 'https://sts.example/', aud: 'client-1', sub: '17', iat: 1795294800, exp: 1795295100 }

const vectors = []
for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'HS256', 'HS384', 'HS512']) {
  const keys = pair[alg] ?? pair[alg.slice(0, 2)]
  const hash = 'sha' + alg.slice(2)
  const input = b64(JSON.stringify({ typ: 'JWT', alg, kid: 'k1' })) + '.' + b64(JSON.stringify(claims))
  const vector = { alg, implementation: 'node ' + process.version }
  let signature
  if (!keys) {
    const secret = randomBytes(64)
    signature = createHmac(hash, secret).update(input).digest()
    vector.jwk = { kty: 'oct', k: b64(secret) }
  } else {
    const options = { key: keys.privateKey, dsaEncoding: 'ieee-p1363' }
    if (alg.startsWith('PS')) Object.assign(options, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
    signature = sign(alg === 'EdDSA' ? null : hash, Buffer.from(input), options)
    vector.jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1' }
    vector.pem = keys.publicKey.export({ type: 'spki', format: 'pem' })
  }
  vector.token = input + '.' + b64(signature)
  vectors.push(vector)
}
process.stdout.write(JSON.stringify({ note: 'Made by vectors.mjs. The keys have signed nothing else.', vectors }, null, 1) + '\n')
