/**
 * `npm run bench [-- --json] [-- --only media,exports,page]`: figures beside their peers', measured in one run. With `--json` the last line is one JSON object.
 * Machines are noisy: compare ratios of one run, not figures of two.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchExports } from './exports.ts'
import { benchMap } from './map.ts'
import { benchMedia } from './media.ts'
import { benchPage } from './page.ts'
import { benchPush } from './push.ts'
import { benchRecordings } from './recordings.ts'
import { benchWall } from './wall.ts'

const benches: Record<string, (folder: string) => Promise<Record<string, number>>> = {
  media: benchMedia,
  recordings: benchRecordings,
  exports: benchExports,
  map: benchMap,
  push: benchPush,
  page: benchPage,
  wall: benchWall,
}

const onlyAt = process.argv.indexOf('--only')
const wanted = onlyAt < 0 ? Object.keys(benches) : process.argv[onlyAt + 1]!.split(',')
const folder = mkdtempSync(join(tmpdir(), 'mapwall-bench-'))
const figures: Record<string, number> = {}
try {
  for (const name of wanted) {
    const bench = benches[name]
    if (!bench) throw new Error(`no bench called ${name}; there are ${Object.keys(benches).join(', ')}`)
    console.error(`${name} …`)
    const found = await bench(folder)
    console.error(found)
    Object.assign(figures, found)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (process.argv.includes('--json')) console.log(JSON.stringify(figures))
else console.table(figures)
process.exit(0)
