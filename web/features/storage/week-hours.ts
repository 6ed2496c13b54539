/** Weekly hours as a person paints them: seven days of 24 hours, kept as ranges of minutes of the week. Pure. */
import type { WeekRange } from '../../../server/contract/recordings.ts'

export const weekMinutes = 10_080
const dayMinutes = 1440

/** Adds or takes away a stretch; what touches is joined. */
export function paint(schedule: readonly WeekRange[], { fromMinute, toMinute }: WeekRange, isOn: boolean): WeekRange[] {
  const without = schedule.flatMap((range) => [
    ...(range.fromMinute < fromMinute ? [{ fromMinute: range.fromMinute, toMinute: Math.min(range.toMinute, fromMinute) }] : []),
    ...(range.toMinute > toMinute ? [{ fromMinute: Math.max(range.fromMinute, toMinute), toMinute: range.toMinute }] : []),
  ])
  const all = (isOn ? [...without, { fromMinute, toMinute }] : without).toSorted((a, b) => a.fromMinute - b.fromMinute)
  const joined: WeekRange[] = []
  for (const range of all) {
    const last = joined.at(-1)
    if (last && range.fromMinute <= last.toMinute) joined[joined.length - 1] = { ...last, toMinute: Math.max(last.toMinute, range.toMinute) }
    else joined.push(range)
  }
  return joined
}

/** The hours of a rectangle between two corners, both in it. */
export function paintBox(schedule: readonly WeekRange[], a: HourCell, b: HourCell, isOn: boolean): WeekRange[] {
  const [fromHour, toHour] = [Math.min(a.hour, b.hour), Math.max(a.hour, b.hour) + 1]
  let painted = [...schedule]
  for (let day = Math.min(a.day, b.day); day <= Math.max(a.day, b.day); day++)
    painted = paint(painted, { fromMinute: day * dayMinutes + fromHour * 60, toMinute: day * dayMinutes + toHour * 60 }, isOn)
  return painted
}

/** Monday is 0. */
export type HourCell = { day: number; hour: number }

export function hourState(schedule: readonly WeekRange[], { day, hour }: HourCell): 'on' | 'part' | 'off' {
  const from = day * dayMinutes + hour * 60
  const minutes = schedule.reduce((sum, range) => sum + Math.max(0, Math.min(range.toMinute, from + 60) - Math.max(range.fromMinute, from)), 0)
  return minutes >= 60 ? 'on' : minutes > 0 ? 'part' : 'off'
}

/** Minutes a week. */
export const minutesOf = (schedule: readonly WeekRange[]): number => schedule.reduce((sum, { fromMinute, toMinute }) => sum + toMinute - fromMinute, 0)

export const presets = ['always', 'work', 'night'] as const
export type Preset = (typeof presets)[number]

export function presetHours(preset: Preset): WeekRange[] {
  if (preset === 'always') return [{ fromMinute: 0, toMinute: weekMinutes }]
  if (preset === 'work') return paintBox([], { day: 0, hour: 8 }, { day: 4, hour: 17 }, true)
  return paintBox(paintBox([], { day: 0, hour: 20 }, { day: 6, hour: 23 }, true), { day: 0, hour: 0 }, { day: 6, hour: 5 }, true)
}
