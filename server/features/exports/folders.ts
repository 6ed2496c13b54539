/** Where the files of an export lie: `<exports>/<exportId>/` the papers, `<exports>/<exportId>/<cameraId>/` the pictures, which media writes. */
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { CameraId } from '../../contract/ids.ts'
import { type PaperText, sha256Of } from './papers.ts'
import type { Paper } from './store.ts'

const isExportId = (name: string) => z.uuid().safeParse(name).success

export function createFolders(folder: string) {
  const paperPath = (exportId: string, fileName: string) => join(folder, exportId, fileName)
  return {
    paperPath,
    filePath: (exportId: string, cameraId: CameraId, fileName: string) => join(folder, exportId, cameraId, fileName),
    async writePapers(exportId: string, papers: readonly PaperText[]): Promise<Paper[]> {
      await mkdir(join(folder, exportId), { recursive: true, mode: 0o700 })
      for (const { fileName, content } of papers) await writeWhole(paperPath(exportId, fileName), content)
      return papers.map(({ fileName, content }) => ({ fileName, bytes: Buffer.byteLength(content), sha256: sha256Of(content) }))
    },
    remove: (exportId: string) => rm(join(folder, exportId), { recursive: true, force: true }),
    /** Ids of exports that have a folder. */
    async list(): Promise<string[]> {
      const names = await readdir(folder).catch((problem: NodeJS.ErrnoException) => {
        if (problem.code !== 'ENOENT') throw problem
        return []
      })
      return names.filter(isExportId)
    },
  }
}
export type Folders = ReturnType<typeof createFolders>

async function writeWhole(path: string, content: string): Promise<void> {
  const part = `${path}.part`
  const handle = await open(part, 'w', 0o600)
  try {
    await handle.writeFile(content)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(part, path)
}
