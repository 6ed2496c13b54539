import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { errorStatus } from '../../../server/contract/errors.ts'
import { CameraStatus, FailureCause } from '../../../server/contract/status.ts'
import { installMessages, type MessageKey, t, useI18n } from '../../../web/base/i18n.ts'
import { messages } from '../../../web/messages.ts'

type Tree = { readonly [key: string]: string | Tree }
const { setLocale } = useI18n()

function listTexts(tree: Tree, path = ''): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([name, node]): [string, string][] =>
    typeof node === 'string' ? [[path + name, node]] : listTexts(node, `${path}${name}.`),
  )
}

const zh = new Map(listTexts(messages.zh as Tree))
const en = new Map(listTexts(messages.en as Tree))
const valuesOf = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1]))].toSorted()

beforeAll(() => installMessages(messages))
afterEach(() => setLocale('zh'))

describe('R-DOC every text in both languages', () => {
  test('the same keys', () => expect([...en.keys()].toSorted()).toEqual([...zh.keys()].toSorted()))

  test('no text is empty', () => expect([...zh, ...en].filter(([, text]) => text.trim() === '')).toEqual([]))

  test('English asks for no value that Chinese does not give', () => {
    // English may leave one out (the state a camera came back from), never need another
    const wrong = [...en].filter(([key, text]) => !valuesOf(text).every((name) => valuesOf(zh.get(key) ?? '').includes(name)))
    expect(wrong).toEqual([])
  })

  test('no Chinese in English, no pleading and no shouting', () => {
    expect([...en].filter(([, text]) => /[\u4e00-\u9fff]/.test(text.replace('{', ''))).map(([key]) => key)).toEqual([])
    expect([...zh].filter(([, text]) => /(?<!申)请|抱歉|[!！]/.test(text)).map(([key]) => key)).toEqual([])
  })

  test('every cause says what it is and who must act', () => {
    for (const cause of FailureCause.options) expect([zh.has(`causes.${cause}.title`), zh.has(`causes.${cause}.who`)]).toEqual([true, true])
  })

  test('every state and every error code has words', () => {
    expect(CameraStatus.options.filter((status) => !zh.has(`status.${status}`))).toEqual([])
    expect(Object.keys(errorStatus).filter((code) => !zh.has(`errors.${code}`))).toEqual([])
  })
})

describe('filling in values', () => {
  test('Chinese and English, one and many', () => {
    expect(t('common.cameras', { count: 468 })).toBe('468 路')
    setLocale('en')
    expect(t('common.cameras', { count: 468 })).toBe('468 cameras')
    expect(t('common.cameras', { count: 1 })).toBe('1 camera')
  })

  test('a value that was not given stays visible', () => expect(t('common.stillLoading')).toContain('{seconds}'))

  test('an unknown key comes back itself', () => expect(t('no.such.key' as MessageKey)).toBe('no.such.key'))
})
