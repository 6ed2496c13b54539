/** Who looks and when, as a background for every picture; new each minute. */
import { computed, type ComputedRef } from 'vue'
import { useServerNow } from '../../base/server-clock.ts'
import { useTheme } from '../../base/theme.ts'
import { watermarkText, watermarkUrl } from '../../engines/player/index.ts'
import { useAccountStore } from '../accounts/store.ts'

/** CSS `background-image`. */
export function useWatermark(): ComputedRef<string> {
  const text = useWatermarkText()
  const { scale } = useTheme()
  return computed(() => watermarkUrl(text.value, scale.value))
}

/** `D-017 1122-1942`. */
export function useWatermarkText(): ComputedRef<string> {
  const account = useAccountStore()
  const now = useServerNow(20_000)
  return computed(() => watermarkText(account.me?.account ?? '', new Date(now.value)))
}
