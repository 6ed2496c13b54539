/** Numbers, times and durations as people read them, in the language chosen now. Local time exists in the page only here and in `calendar.ts`. */
import type { Instant } from '../../server/contract/ids.ts'
import { currentLocale } from './i18n.ts'

const thin = '\u2009'
const minus = '\u2212'
export const none = '—'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

const weekdays = { zh: ['周日', '周一', '周二', '周三', '周四', '周五', '周六'], en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] }
const units = {
  zh: { d: '天', h: '时', min: '分', s: '秒', gap: '' },
  en: { d: ' d', h: ' h', min: ' min', s: ' s', gap: ' ' },
}

/** `1、3、4`. */
export const formatList = (items: readonly (string | number)[]) => items.join(currentLocale() === 'zh' ? '、' : ', ')

/** `8分14秒`, `23时54分`, `6天2时`: the two largest units, never a bare `08:14`. A negative duration is an empty one. */
export function formatDuration(durationMs: number): string {
  const u = units[currentLocale()]
  const seconds = Math.max(0, Math.floor(durationMs / second))
  const pair = (large: number, largeUnit: string, small: number, smallUnit: string) =>
    small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${u.gap}${small}${smallUnit}`
  if (seconds < 60) return `${seconds}${u.s}`
  if (seconds < 3600) return pair(Math.floor(seconds / 60), u.min, seconds % 60, u.s)
  if (seconds < 86_400) return pair(Math.floor(seconds / 3600), u.h, Math.floor((seconds % 3600) / 60), u.min)
  return pair(Math.floor(seconds / 86_400), u.d, Math.floor((seconds % 86_400) / 3600), u.h)
}

/** How old something is: `0.4 秒前`, `17 秒前`, `6 分前`; from an hour on the time itself, if `at` is given. */
export function formatAge(ageMs: number, at?: Instant, now: Instant = Date.now()): string {
  const isChinese = currentLocale() === 'zh'
  const age = Math.max(0, ageMs)
  const say = (value: string, zh: string, en: string) => (isChinese ? `${value} ${zh}` : `${value} ${en}`)
  if (age < 950) return say((Math.floor(age / 100) / 10).toFixed(1), '秒前', 's ago')
  if (age < minute) return say(String(Math.max(1, Math.floor(age / second))), '秒前', 's ago')
  if (age < hour) return say(String(Math.floor(age / minute)), '分前', 'min ago')
  if (at !== undefined) return formatMoment(at, now)
  return isChinese ? `${formatDuration(age)}前` : `${formatDuration(age)} ago`
}

/** `19:42:08`, local time, 24 h. */
export function formatTime(at: Instant): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `11-22 周日`; in another year than `now` `2025-03-14`. */
export function formatDay(at: Instant, now: Instant = Date.now()): string {
  const date = new Date(at)
  if (date.getFullYear() !== new Date(now).getFullYear()) return formatDate(at)
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${weekdays[currentLocale()][date.getDay()]}`
}

/** `2025-03-14`. */
export function formatDate(at: Instant): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The shortest that is still clear: today `19:42:08`, this year `11-22 19:42`, else `2025-03-14 19:42`. */
export function formatMoment(at: Instant, now: Instant = Date.now()): string {
  return isSameDay(at, now) ? formatTime(at) : `${shortDay(at, now)} ${formatTime(at).slice(0, 5)}`
}

/** `18:49:05–18:51:10`, `11-22 18:49:05–18:51:10` where it is not today, and both days where they differ. */
export function formatRange(fromAt: Instant, toAt: Instant, now: Instant = Date.now()): string {
  if (!isSameDay(fromAt, toAt)) return `${formatMoment(fromAt, now)}–${formatMoment(toAt, now)}`
  const day = isSameDay(fromAt, now) ? '' : `${shortDay(fromAt, now)} `
  return `${day}${formatTime(fromAt)}–${formatTime(toAt)}`
}

const isSameDay = (a: Instant, b: Instant): boolean => new Date(a).toDateString() === new Date(b).toDateString()

/** `11-22`, `2025-03-14` in another year. */
function shortDay(at: Instant, now: Instant): string {
  const date = new Date(at)
  return date.getFullYear() === new Date(now).getFullYear() ? `${two(date.getMonth() + 1)}-${two(date.getDate())}` : formatDate(at)
}

/** A rate of 0 to 1 as `98.27 %`; null is `—`, never 0. Rounded down, so that 100 % means all. */
export function formatPercent(rate: number | null, digits = 2): string {
  if (rate === null || !Number.isFinite(rate)) return none
  const factor = 10 ** digits
  // the small addition heals 0.9827 * 10000 = 9826.999…
  return `${(Math.floor(rate * 100 * factor + 1e-6) / factor).toFixed(digits)}${thin}%`
}

/** `344,916`; null is `—`; minus is `−`. */
export function formatNumber(value: number | null, digits = 0): string {
  if (value === null || !Number.isFinite(value)) return none
  const text = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return value < 0 && Number(text.replaceAll(',', '')) !== 0 ? `${minus}${text}` : text
}

/** `966 MB`, `1.4 GB` (powers of 1000). */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return none
  const names = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let step = 0
  while (value >= 999.5 && step < names.length - 1) {
    value /= 1000
    step++
  }
  return `${formatNumber(value, step === 0 || value >= 99.95 ? 0 : 1)} ${names[step]}`
}

/** `4.1 Mbit/s`, `512 kbit/s`. */
export function formatBitrate(kbps: number | null): string {
  if (kbps === null) return none
  return kbps < 1000 ? `${formatNumber(kbps)} kbit/s` : `${formatNumber(kbps / 1000, 1)} Mbit/s`
}

/** `38 m`, `1.4 km`. */
export function formatDistance(distanceM: number): string {
  return distanceM < 1000 ? `${formatNumber(distanceM)} m` : `${formatNumber(distanceM / 1000, 1)} km`
}

/** A measured length: `38.4 m`, `1.438 km`. */
export function formatLength(lengthM: number): string {
  return lengthM < 1000 ? `${formatNumber(lengthM, 1)} m` : `${formatNumber(lengthM / 1000, lengthM < 100_000 ? 3 : 1)} km`
}

/** `5,210 m²`, `1.438 km²`. */
export function formatArea(squareMetres: number): string {
  return squareMetres < 100_000 ? `${formatNumber(squareMetres)} m²` : `${formatNumber(squareMetres / 1e6, 3)} km²`
}

const compass = { zh: ['北', '东北', '东', '东南', '南', '西南', '西', '西北'], en: ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'] }

/** `225°（西南）`, `225° (SW)`. */
export function formatHeading(headingDeg: number): string {
  const name = compass[currentLocale()][Math.round(headingDeg / 45) % 8]
  return currentLocale() === 'zh' ? `${Math.round(headingDeg)}°（${name}）` : `${Math.round(headingDeg)}° (${name})`
}

/** A name cut in the middle, so that its number stays: `霁川路与澄桥…西门-03`. */
export function cutMiddle(name: string, length: number): string {
  if (name.length <= length) return name
  const tail = Math.max(3, Math.floor(length / 3))
  return `${name.slice(0, length - tail - 1)}…${name.slice(-tail)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
