/**
 * Texts in two languages. Chinese is the source: `zh.ts` of each feature gives the keys, `en.ts` must have the same shape (the compiler says so).
 *
 * A text may hold `{name}` for a value and, in English, `{count|camera|cameras}` for one and many.
 */
import { computed, type ComputedRef, type Ref } from 'vue'
import { usePreference } from './preference.ts'

export type Locale = 'zh' | 'en'

/** A tree of texts with the same keys as `T`: what `en.ts` declares itself as. */
export type SameShape<T> = { readonly [K in keyof T]: T[K] extends string ? string : SameShape<T[K]> }

/** `web/messages.ts` says here what the tree of all texts looks like, so that base need not import a feature. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface MessageRegister {}
type Messages = MessageRegister extends { messages: infer M } ? M : Record<string, never>

type Paths<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${Paths<T[K]>}` }[keyof T & string]
/** Every key there is: `live.opening`. */
export type MessageKey = Paths<Messages>
export type MessageValues = Readonly<Record<string, string | number>>

type Tree = { readonly [key: string]: string | Tree }

const locale = usePreference<Locale>(
  'locale',
  () => 'zh',
  (value) => value === 'zh' || value === 'en',
)
let trees: Record<Locale, Tree> = { zh: {}, en: {} }

/** Called once at the start with all texts. */
export function installMessages(messages: { zh: object; en: object }): void {
  trees = messages as Record<Locale, Tree>
}

/** The text of `key` in the language chosen now; reactive in templates. A key that is not there comes back itself. */
export function t(key: MessageKey, values: MessageValues = {}): string {
  const text = findText(trees[locale.value.value], key)
  return text === undefined ? key : fill(text, values)
}

export function useI18n(): { t: typeof t; locale: Readonly<Ref<Locale>>; isChinese: ComputedRef<boolean>; setLocale(locale: Locale): void } {
  return { t, locale: locale.value, isChinese: computed(() => locale.value.value === 'zh'), setLocale: locale.set }
}

/** The language now, for code that is not a component. */
export function currentLocale(): Locale {
  return locale.value.value
}

function findText(tree: Tree, key: string): string | undefined {
  let node: string | Tree | undefined = tree
  for (const part of key.split('.')) {
    if (typeof node !== 'object') return undefined
    node = node[part]
  }
  return typeof node === 'string' ? node : undefined
}

function fill(text: string, values: MessageValues): string {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = values[name]
    if (value === undefined) return whole
    if (one === undefined || many === undefined) return String(value)
    return `${value} ${String(value) === '1' ? one : many}`
  })
}
