/** What is done with the view as it stands: a picture of it, a bookmark to come back to. */
import { computed, type ComputedRef, type MaybeRefOrGetter, type Ref, ref, toValue } from 'vue'
import { useRouter } from 'vue-router'
import type { Instant, LonLat } from '../../../server/contract/ids.ts'
import type { MapBookmark } from '../../../server/contract/map.ts'
import { t } from '../../base/i18n.ts'
import { serverNow } from '../../base/server-clock.ts'
import { useTheme } from '../../base/theme.ts'
import { PictureBlockedError } from '../../engines/map/index.ts'
import { useAccountStore } from '../accounts/store.ts'
import type { StateCounts } from '../cameras/counts.ts'
import { notSavedWords } from '../taken/save-taken.ts'
import { crsNameOf } from './base-map-words.ts'
import type { useLayers } from './layers.ts'
import { savePagePicture } from './map-page-picture.ts'
import { type MapPlace, type MapQuery, parseMapQuery, serializeMapQuery } from './query.ts'

/** What is used of `MapCanvas.vue`. */
type Canvas = {
  readonly $el: HTMLElement
  readonly bar: { metres: number; widthPx: number }
  takePicture(): Promise<HTMLCanvasElement> | undefined
  flyTo(lonLat: LonLat, zoom?: number): void
}
type Options = {
  canvas: Readonly<Ref<Canvas | null>>
  view: ComputedRef<MapQuery>
  /** Where the map stands; null until it has spoken. */
  place: MaybeRefOrGetter<MapPlace | null>
  change(changes: Partial<MapQuery>): void
  layers: ReturnType<typeof useLayers>
  counts: MaybeRefOrGetter<StateCounts>
  /** Jurisdictions are coloured by their online rate. */
  hasRates: MaybeRefOrGetter<boolean>
  pastAt: MaybeRefOrGetter<Instant | null>
  say(words: string): void
}

export function useViewTools({ canvas, view, place, change, layers, counts, hasRates, pastAt, say }: Options): {
  viewNow: ComputedRef<Omit<MapBookmark, 'bookmarkId' | 'name'> | null>
  isTakingPicture: Ref<boolean>
  takePicture(): Promise<void>
  openBookmark(bookmark: MapBookmark): void
} {
  const router = useRouter()
  const account = useAccountStore()
  const { name: theme, color, scale } = useTheme()
  const isTakingPicture = ref(false)

  const viewNow = computed(() => {
    const at = toValue(place)
    if (at === null) return null
    // whoever prefers another base map by then still sees this one
    const baseMap = layers.bases.value.length > 1 ? layers.baseName.value : null
    const { query } = router.resolve({ name: 'map', query: serializeMapQuery({ ...view.value, place: null, baseMap }) })
    return { lonLat: [...at.lonLat] as [number, number], zoom: at.zoom, query: new URLSearchParams(query as Record<string, string>).toString() }
  })

  function rateWords(): string | null {
    const period = layers.period.value.value
    if (!toValue(hasRates) || period === 'off') return null
    return t('map.layers.rateLegend', { period: t(`map.layers.period.${period}`) })
  }

  async function takePicture(): Promise<void> {
    const baseMap = layers.chosenConfig.value?.baseMap
    const at = toValue(place)
    if (isTakingPicture.value || !canvas.value || !baseMap || at === null) return
    isTakingPicture.value = true
    try {
      const map = await canvas.value.takePicture()
      if (!map) return
      const name = await savePagePicture({
        map,
        place: at,
        widthPx: canvas.value.$el.clientWidth,
        unitName: account.welcome?.unitName ?? 'MapWall',
        account: account.me?.account ?? '',
        now: serverNow(),
        pastAt: toValue(pastAt),
        counts: toValue(counts),
        bar: canvas.value.bar,
        baseMap,
        crsName: t(crsNameOf(baseMap)),
        ratesWords: rateWords(),
        theme: theme.value,
        color: color.value,
        scale: scale.value,
      })
      say(t('map.picture.saved', { name }))
    } catch (error) {
      console.warn('picture of the map not made', error)
      say(error instanceof PictureBlockedError ? t('map.picture.blocked', { origin: error.origin }) : (notSavedWords(error) ?? t('map.picture.notMade')))
    } finally {
      isTakingPicture.value = false
    }
  }

  function openBookmark({ lonLat, zoom, query }: MapBookmark): void {
    const kept = parseMapQuery(Object.fromEntries(new URLSearchParams(query)))
    change({ ...kept, place: { lonLat, zoom } })
    canvas.value?.flyTo(lonLat, zoom)
  }

  return { viewNow, isTakingPicture, takePicture, openBookmark }
}
