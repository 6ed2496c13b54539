/** A small file that is always whole: who reads it sees what was there before, or all of what is new. */
import { rename, writeFile } from 'node:fs/promises'

/** Of one file only one at a time. Rejects with what the file system says; the old one stays then. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const next = `${file}.next`
  await writeFile(next, text, { mode: 0o600, flush: true })
  await rename(next, file)
}
