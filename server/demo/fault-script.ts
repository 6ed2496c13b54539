/** A believable day: most cameras are well, a few are not, and it changes slowly. Same seed, same day. */
import type { Clock, Timer } from '../base/clock.ts'
import { createRandom } from './seeded.ts'
import type { Fault, SimulatedCamera, Simulator } from './simulator.ts'

/** How often each fault comes, in parts. */
const singles: readonly { fault: Fault; parts: number }[] = [
  { fault: 'off', parts: 42 },
  { fault: 'silent', parts: 12 },
  { fault: 'drop_packets', parts: 12 },
  { fault: 'freeze', parts: 10 },
  { fault: 'black', parts: 8 },
  { fault: 'refuse_password', parts: 6 },
  { fault: 'flap', parts: 4 },
  { fault: 'half_open', parts: 3 },
  { fault: 'change_resolution', parts: 3 },
]
const GROUP_RATE = 0.12
const MAX_FAULTY = 14
const FIRST_FAULTY = { min: 3, max: 6 }
const EVENT_EVERY_MS = { min: 25_000, max: 75_000 }
const LASTS_MS = { min: 3 * 60_000, max: 25 * 60_000 }

type Trouble = { cameraIds: string[]; fault: Fault; endsAtMs: number; isGroup: boolean }

export type FaultScript = { seed: number; start(): void; /** Everything it broke is mended. */ stop(): void; isRunning(): boolean }

export function createFaultScript(options: {
  simulator: Pick<Simulator, 'setFault' | 'faults'>
  cameras: readonly Pick<SimulatedCamera, 'cameraId' | 'switchName'>[]
  clock: Clock
  seed: number
  onChange?(change: { cameraIds: string[]; fault: Fault }): void
}): FaultScript {
  const { simulator, cameras, clock, seed, onChange } = options
  const random = createRandom(seed)
  const between = ({ min, max }: { min: number; max: number }) => min + random() * (max - min)
  let troubles: Trouble[] = []
  let timer: Timer | undefined

  function set(cameraIds: string[], fault: Fault) {
    simulator.setFault(cameraIds, fault)
    onChange?.({ cameraIds, fault })
  }

  /** Faults set by hand are left alone. */
  function listHealthy() {
    const now = simulator.faults()
    return cameras.filter(({ cameraId }) => now.get(cameraId) === 'none')
  }

  function breakSingle() {
    const healthy = listHealthy()
    const camera = healthy[Math.floor(random() * healthy.length)]
    if (!camera) return
    let part = random() * singles.reduce((sum, { parts }) => sum + parts, 0)
    const { fault } = singles.find(({ parts }) => (part -= parts) < 0) ?? singles[0]!
    begin([camera.cameraId], fault, false)
  }

  /** Some ports of one switch lose their power. */
  function breakGroup() {
    const healthy = listHealthy()
    const names = [...new Set(healthy.map(({ switchName }) => switchName))].filter((name) => name !== null)
    const name = names[Math.floor(random() * names.length)]
    if (name === undefined) return
    const members = healthy.filter(({ switchName }) => switchName === name)
    begin(
      members.slice(0, Math.round(between({ min: 4, max: 8 }))).map(({ cameraId }) => cameraId),
      'off',
      true,
    )
  }

  function begin(cameraIds: string[], fault: Fault, isGroup: boolean) {
    troubles.push({ cameraIds, fault, endsAtMs: clock.monotonicMs() + between(LASTS_MS), isGroup })
    set(cameraIds, fault)
  }

  function mend({ cameraIds, fault }: Trouble) {
    const now = simulator.faults()
    const still = cameraIds.filter((cameraId) => now.get(cameraId) === fault)
    if (still.length > 0) set(still, 'none')
  }

  function turn() {
    const nowMs = clock.monotonicMs()
    const over = troubles.filter(({ endsAtMs }) => endsAtMs <= nowMs)
    troubles = troubles.filter(({ endsAtMs }) => endsAtMs > nowMs)
    over.forEach(mend)
    const faulty = troubles.reduce((sum, { cameraIds }) => sum + cameraIds.length, 0)
    const isGroupDown = troubles.some(({ isGroup }) => isGroup)
    if (!isGroupDown && faulty < MAX_FAULTY && random() < GROUP_RATE) breakGroup()
    else if (faulty < MAX_FAULTY) breakSingle()
    timer = clock.after(between(EVENT_EVERY_MS), turn)
  }

  return {
    seed,
    start() {
      if (timer) return
      const count = Math.round(between(FIRST_FAULTY))
      for (let i = 0; i < count; i++) breakSingle()
      timer = clock.after(between(EVENT_EVERY_MS), turn)
    },
    stop() {
      timer?.cancel()
      timer = undefined
      troubles.forEach(mend)
      troubles = []
    },
    isRunning: () => timer !== undefined,
  }
}
