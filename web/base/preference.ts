/** A choice kept on this screen, and per account once somebody is signed in (R-LIVE screens are shared by shifts). */
import { type Ref, ref } from 'vue'

/** `reread`: takes over what another tab has kept meanwhile. */
type Preference<T> = { value: Ref<T>; set(value: T): void; reread(): void }

const prefix = 'mapwall:'
const reloads: (() => void)[] = []
let account = ''

/**
 * Reads the account's choice, else the last one made on this screen, else `fallback`.
 * `isValid` guards against what an older version or a hand left in the storage.
 */
export function usePreference<T>(
  key: string,
  fallback: () => T,
  isValid: (value: unknown) => boolean,
  { isPersonal = false }: { /** Never handed on to another account at this screen. */ isPersonal?: boolean } = {},
): Preference<T> {
  const value = ref(read()) as Ref<T>
  const reread = () => void (value.value = read())
  reloads.push(reread)
  return { value, set, reread }

  function read(): T {
    for (const name of [`${prefix}${account}:${key}`, ...(isPersonal ? [] : [`${prefix}:${key}`])]) {
      const kept = parse(storage()?.getItem(name))
      if (isValid(kept)) return kept as T
    }
    return fallback()
  }

  function set(next: T): void {
    value.value = next
    const text = JSON.stringify(next)
    try {
      storage()?.setItem(`${prefix}${account}:${key}`, text)
      if (!isPersonal) storage()?.setItem(`${prefix}:${key}`, text)
    } catch (error) {
      console.info('preference not kept', key, error) // storage full or forbidden: the choice holds until the page closes
    }
  }
}

/** From now on choices are this account's; '' when nobody is signed in. */
export function setPreferenceAccount(next: string): void {
  if (next === account) return
  account = next
  for (const reload of reloads) reload()
}

function storage(): Storage | undefined {
  try {
    return window.localStorage
  } catch {
    return undefined // forbidden by the browser's policy
  }
}

function parse(text: string | null | undefined): unknown {
  if (text === null || text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
