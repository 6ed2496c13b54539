/** Secrets at rest: AES-256-GCM with one key kept beside the data, outside the database (R-SEC-5). */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export type Secrets = {
  /** `v1.` and base64 of nonce, tag, ciphertext. `purpose` is bound to it: a value copied to another row or column does not open. */
  seal(plain: string, purpose: string): string
  /** Throws when the text was changed, sealed with another key, or for another purpose. */
  open(sealed: string, purpose: string): string
  /** HMAC-SHA-256 in hex, for what must be recognised but not read back. */
  mac(text: string): string
}

export function createSecrets(key: Uint8Array): Secrets {
  if (key.length !== KEY_BYTES) throw new Error(`The key for secrets must have ${KEY_BYTES} bytes, not ${key.length}`)
  return {
    seal(plain, purpose) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`
    },
    open(sealed, purpose) {
      if (!sealed.startsWith('v1.')) throw new Error('A sealed secret must begin with v1.')
      const bytes = Buffer.from(sealed.slice(3), 'base64')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error(`A sealed secret of ${bytes.length} bytes is too short`)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8')
    },
    mac: (text) => createHmac('sha256', key).update(text).digest('hex'),
  }
}

/** Reads `secret.key` of the data folder (0600), or makes it at the first start. Two processes starting at once end up with the same key. */
export async function openSecrets(dataFolder: string): Promise<Secrets> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const file = join(dataFolder, 'secret.key')
  const fresh = join(dataFolder, `.secret.key.${process.pid}.${randomBytes(4).toString('hex')}`)
  const existing = await readFile(file, 'utf8').catch((problem: NodeJS.ErrnoException) => {
    if (problem.code !== 'ENOENT') throw problem
    return undefined
  })
  if (existing === undefined) {
    await writeFile(fresh, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true })
    // A hard link appears whole or not at all, and not twice.
    await link(fresh, file).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'EEXIST') throw problem
    })
    await rm(fresh)
  }
  await chmod(file, 0o600)
  const text = (await readFile(file, 'utf8')).trim()
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new Error(`${file} is damaged: it must hold 64 hex digits. Restore it from the backup; without it, stored camera passwords cannot be read.`)
  return createSecrets(Buffer.from(text, 'hex'))
}
