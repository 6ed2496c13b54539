import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for us alone (0700) that holds keys for a while. It is gone afterwards, also after Ctrl-C. */
export async function withPrivateFolder<T>(name: string, run: (folder: string) => Promise<T>, { keeps = false } = {}): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `mapwall-${name}-`))
  const remove = () => keeps || rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  const onSignal = () => {
    remove()
    process.exit(130)
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, onSignal)
  try {
    return await run(folder)
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
    remove()
  }
}
