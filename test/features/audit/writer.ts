/** A process that writes audit records as fast as it can and names each one that was acknowledged, until it is killed. */
import { systemClock } from '../../../server/base/clock.ts'
import { openDatabase } from '../../../server/base/db.ts'
import { silentLog } from '../../../server/base/log.ts'
import { createSecrets } from '../../../server/base/secrets.ts'
import { createAudit, createAuditStore } from '../../../server/features/audit/index.ts'

const [url, maxConnections] = process.argv.slice(2)
const database = openDatabase({ url: url!, maxConnections: Number(maxConnections), clock: systemClock, log: silentLog })
const { mac } = createSecrets(Buffer.alloc(32, 3))
const audit = createAudit({
  store: createAuditStore(database),
  anchors: { add: async () => {}, list: async () => [] },
  sign: mac,
  clock: systemClock,
  log: silentLog,
})

async function writeForEver(lane: number) {
  for (let n = 0; ; n++) {
    const requestId = `${process.pid}-${lane}-${n}`
    await audit.record({
      name: 'camera.live',
      result: 'ok',
      code: null,
      userId: null,
      account: null,
      loginId: null,
      address: '127.0.0.1',
      requestId,
      cameraId: null,
      detail: { n },
    })
    process.send!(requestId)
  }
}
process.on('disconnect', () => process.exit())
await Promise.all([0, 1, 2, 3].map(writeForEver))
