import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  cutMiddle,
  formatAge,
  formatBitrate,
  formatBytes,
  formatDay,
  formatDistance,
  formatDuration,
  formatHeading,
  formatMoment,
  formatNumber,
  formatPercent,
  formatRange,
  formatTime,
} from '../../../web/base/format.ts'
import { type Locale, useI18n } from '../../../web/base/i18n.ts'

const { setLocale } = useI18n()
const at = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0) => new Date(year, month - 1, day, hour, minute, second).getTime()
const now = at(2026, 11, 22, 19, 42, 8)

afterEach(() => setLocale('zh'))

describe('durations name their units', () => {
  test.each([
    { ms: 0, zh: '0秒', en: '0 s' },
    { ms: -5000, zh: '0秒', en: '0 s' },
    { ms: 59_999, zh: '59秒', en: '59 s' },
    { ms: 60_000, zh: '1分', en: '1 min' },
    { ms: 494_000, zh: '8分14秒', en: '8 min 14 s' },
    { ms: 3_600_000, zh: '1时', en: '1 h' },
    { ms: 86_040_000, zh: '23时54分', en: '23 h 54 min' },
    { ms: 6 * 86_400_000 + 2 * 3_600_000 + 59_000, zh: '6天2时', en: '6 d 2 h' },
  ])('$ms ms', ({ ms, zh, en }) => {
    expect(formatDuration(ms)).toBe(zh)
    setLocale('en')
    expect(formatDuration(ms)).toBe(en)
  })
})

describe('ages', () => {
  test.each([
    { ms: 430, zh: '0.4 秒前', en: '0.4 s ago' },
    { ms: 960, zh: '1 秒前', en: '1 s ago' },
    { ms: 17_900, zh: '17 秒前', en: '17 s ago' },
    { ms: 6 * 60_000 + 59_000, zh: '6 分前', en: '6 min ago' },
    { ms: 3 * 3_600_000 + 12 * 60_000, zh: '3时12分前', en: '3 h 12 min ago' },
    { ms: -300, zh: '0.0 秒前', en: '0.0 s ago' },
  ])('$ms ms', ({ ms, zh, en }) => {
    expect(formatAge(ms)).toBe(zh)
    setLocale('en')
    expect(formatAge(ms)).toBe(en)
  })

  test('from an hour on the time itself, if it is known', () => {
    expect(formatAge(2 * 3_600_000, now - 2 * 3_600_000, now)).toBe('17:42:08')
    expect(formatAge(30 * 3_600_000, now - 30 * 3_600_000, now)).toBe('11-21 13:42')
  })
})

describe('times and days', () => {
  test.each<{ locale: Locale; day: string }>([
    { locale: 'zh', day: '11-22 周日' },
    { locale: 'en', day: '11-22 Sun' },
  ])('a day of this year, $locale', ({ locale, day }) => {
    setLocale(locale)
    expect(formatDay(now, now)).toBe(day)
  })
  test('a day of another year has its year', () => expect(formatDay(at(2025, 3, 14), now)).toBe('2025-03-14'))
  test('24 hours, with leading zeros', () => expect(formatTime(at(2026, 1, 2, 3, 4, 5))).toBe('03:04:05'))
  test('a moment is as long as it must be', () => {
    expect(formatMoment(at(2026, 11, 22, 8, 0, 1), now)).toBe('08:00:01')
    expect(formatMoment(at(2026, 11, 21, 8, 0, 1), now)).toBe('11-21 08:00')
    expect(formatMoment(at(2025, 11, 22, 8, 0, 1), now)).toBe('2025-11-22 08:00')
  })
  test.each([
    ['yesterday', at(2026, 11, 21, 18, 49, 5), at(2026, 11, 21, 18, 51, 10), '11-21 18:49:05–18:51:10'],
    ['over midnight', at(2026, 11, 21, 23, 50, 0), at(2026, 11, 22, 0, 10, 0), '11-21 23:50–00:10:00'],
    ['last year', at(2025, 3, 14, 8, 0, 0), at(2025, 3, 14, 9, 0, 0), '2025-03-14 08:00:00–09:00:00'],
  ])('a range %s', (_, fromAt, toAt, words) => expect(formatRange(fromAt, toAt, now)).toBe(words))
  test('a range has an en dash', () => expect(formatRange(at(2026, 11, 22, 18, 49, 5), at(2026, 11, 22, 18, 51, 10), now)).toBe('18:49:05–18:51:10'))
})

describe('numbers', () => {
  const thin = '\u2009'
  test.each([
    { rate: 0.9827, text: `98.27${thin}%` },
    { rate: 1, text: `100.00${thin}%` },
    { rate: 0.99999, text: `99.99${thin}%` }, // all but one is not all
    { rate: 0, text: `0.00${thin}%` },
    { rate: null, text: '—' },
    { rate: Number.NaN, text: '—' },
  ])('percent of $rate', ({ rate, text }) => expect(formatPercent(rate)).toBe(text))
  test('completeness has one decimal', () => expect(formatPercent(0.992, 1)).toBe(`99.2${thin}%`))
  test.each([
    { value: 344_916, text: '344,916' },
    { value: -1200, text: '−1,200' },
    { value: -0.2, text: '0' },
    { value: null, text: '—' },
  ])('$value', ({ value, text }) => expect(formatNumber(value)).toBe(text))
  test.each([
    { bytes: 0, text: '0 B' },
    { bytes: 966_000_000, text: '966 MB' },
    { bytes: 1_440_000_000, text: '1.4 GB' },
    { bytes: 999_999, text: '1.0 MB' },
    { bytes: null, text: '—' },
  ])('$bytes bytes', ({ bytes, text }) => expect(formatBytes(bytes)).toBe(text))
  test('rates', () => expect([formatBitrate(512), formatBitrate(4100), formatBitrate(null)]).toEqual(['512 kbit/s', '4.1 Mbit/s', '—']))
  test('distances', () => expect([formatDistance(38), formatDistance(1400)]).toEqual(['38 m', '1.4 km']))
  test('headings', () => {
    expect([formatHeading(225), formatHeading(359)]).toEqual(['225°（西南）', '359°（北）'])
    setLocale('en')
    expect(formatHeading(225)).toBe('225° (SW)')
  })
})

describe('names cut in the middle keep their number', () => {
  beforeEach(() => setLocale('zh'))
  test.each([
    { name: '澄桥路口-03', length: 12, cut: '澄桥路口-03' },
    { name: '霁川路与澄桥路交口西南门-03', length: 12, cut: '霁川路与澄桥路…门-03' },
  ])('$name', ({ name, length, cut }) => {
    expect(cutMiddle(name, length)).toBe(cut)
    expect(cutMiddle(name, length).length).toBeLessThanOrEqual(length)
  })
})
