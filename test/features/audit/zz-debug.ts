import { openTestDatabase } from '../../support/database.ts'
import { createAuditStore, createAudit } from '../../../server/features/audit/index.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { silentLog } from '../../../server/base/log.ts'
const t0 = performance.now(); const say = (x: string) => console.log(Math.round(performance.now() - t0), x)
const o = await openTestDatabase(); say('open')
const audit = createAudit({ store: createAuditStore(o.database), anchors: { add: async () => {}, list: async () => [] }, sign: (x) => x.slice(0, 8), clock: systemClock, log: { ...silentLog, error: (...a: unknown[]) => console.log(a) } as never })
const e = { name: 'x', result: 'ok', code: null, userId: null, account: null, loginId: null, address: 'a', requestId: 'r', cameraId: null, detail: {} } as never
if (process.argv[2]) { await o.sql(`alter table audit_log disable trigger user; delete from audit_log; alter table audit_log enable trigger user`); say('sql') }
await audit.record(e); say('record 1')
for (let i = 0; i < 20; i++) await audit.record(e)
say('record 20')
await o.sql('select 1'); say('sql select')
await audit.record(e); say('record after')
await o.sql('delete from audit_log').catch((x) => say(String(x)))
await audit.record(e); say('record after refused')
process.exit()
