/** Which recording disks somebody should look at, looked up every 10 s (R-STORE-3). A disk that fills is told before it is full. */
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { DiskAlarm } from '../../contract/storage.ts'
import type { DiskStatus, MediaPlane } from '../../media/plane.ts'
import { DEGRADE_RATE } from './degrade.ts'
import { FULL_RATE, usedRate } from './retention.ts'

const LOOK_EVERY_MS = 10_000
const WARN_RATE = 0.9

export function diskFacts(disk: DiskStatus): DiskAlarm {
  const used = usedRate(disk)
  return {
    name: disk.folder.split('/').findLast((part) => part !== '') ?? disk.folder,
    state: disk.state,
    level: used >= DEGRADE_RATE ? 'degrade' : used >= FULL_RATE ? 'delete' : used >= WARN_RATE ? 'warn' : 'ok',
  }
}

export function createDiskAlarms({ plane, clock, log }: { plane: Pick<MediaPlane, 'listDisks' | 'isUp'>; clock: Clock; log: Log }) {
  let alarms: DiskAlarm[] = []
  let told = '[]'
  const timer = clock.every(LOOK_EVERY_MS, () => void look())

  async function look() {
    if (!plane.isUp()) return // what was wrong with a disk stays wrong until it is seen to be well
    try {
      alarms = (await plane.listDisks()).map(diskFacts).filter(({ state, level }) => state !== 'ok' || level !== 'ok')
    } catch {
      return // the link went away meanwhile
    }
    const text = JSON.stringify(alarms)
    if (text === told) return
    told = text
    log.warn({ alarms }, alarms.length > 0 ? 'a recording disk wants attention' : 'the recording disks are well again')
  }

  return { list: (): readonly DiskAlarm[] => alarms, close: () => timer.cancel() }
}
