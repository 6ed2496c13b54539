/** How the tokens reach naive-ui. The dark theme is put together from the components we use, so that the others stay out of the bundle. */
import {
  alertDark, buttonDark, checkboxDark, commonDark, createTheme, dialogDark, dropdownDark, emptyDark, formDark, type GlobalTheme, type GlobalThemeOverrides, inputDark,
  modalDark, popoverDark, scrollbarDark, sliderDark, tooltipDark,
} from 'naive-ui'
import { color, fontFamily, fontFamilyMono, type ThemeName } from './theme.ts'

const dark: GlobalTheme = createTheme([
  alertDark, buttonDark, checkboxDark, dialogDark, dropdownDark, emptyDark, formDark, inputDark, modalDark, popoverDark, scrollbarDark, sliderDark, tooltipDark,
]) as GlobalTheme

/** Without a theme naive-ui is light. */
export const baseTheme: Record<ThemeName, GlobalTheme | null> = { dark: { ...dark, common: commonDark }, light: null }

/** `scale` is 1 on desks, 1.25 at 2560 px, 2 on a 3840 px wall driven at device pixel ratio 1. */
export function createThemeOverrides(theme: ThemeName, scale = 1): GlobalThemeOverrides {
  const c = color[theme]
  const px = (n: number) => `${Math.round(n * scale)}px`
  const soft = (hex: string) => `${hex}${theme === 'dark' ? '22' : '14'}` // 13 % and 8 %: text in its own tint keeps 4.5:1
  return {
    common: {
      fontFamily, fontFamilyMono, fontWeight: '400', fontWeightStrong: '600', lineHeight: '1.5',
      fontSize: px(14), fontSizeMini: px(12), fontSizeTiny: px(12), fontSizeSmall: px(13), fontSizeMedium: px(14), fontSizeLarge: px(16), fontSizeHuge: px(20),
      heightMini: px(20), heightTiny: px(24), heightSmall: px(28), heightMedium: px(32), heightLarge: px(40), heightHuge: px(48),
      borderRadius: px(6), borderRadiusSmall: px(4),
      // naive-ui writes text in primaryColor (chosen options, pages, links), so it is the accent; only the filled button is `primary`
      primaryColor: c.accent, primaryColorHover: c.accent, primaryColorPressed: c.accent, primaryColorSuppl: c.accent,
      infoColor: c.accent, infoColorHover: c.accent, infoColorPressed: c.accent, infoColorSuppl: c.accent,
      successColor: c.online, successColorHover: c.online, successColorPressed: c.online, successColorSuppl: c.online,
      warningColor: c.degraded, warningColorHover: c.degraded, warningColorPressed: c.degraded, warningColorSuppl: c.degraded,
      errorColor: c.offline, errorColorHover: c.offline, errorColorPressed: c.offline, errorColorSuppl: c.offline,
      textColorBase: c.text1, textColor1: c.text1, textColor2: c.text1, textColor3: c.text2, textColorDisabled: c.textOff,
      placeholderColor: c.text3, placeholderColorDisabled: c.textOff, iconColor: c.text2, iconColorHover: c.text1, iconColorPressed: c.text1,
      bodyColor: c.canvas, cardColor: c.surface, modalColor: c.raised, popoverColor: c.raised, tableColor: c.surface, actionColor: c.surface,
      tableHeaderColor: c.surface, tableColorHover: c.field, tableColorStriped: c.surface, inputColor: c.field, inputColorDisabled: c.surface,
      hoverColor: c.field, pressedColor: c.active, tabColor: c.surface, codeColor: c.field, tagColor: c.field,
      borderColor: c.lineStrong, dividerColor: c.line, railColor: c.lineStrong, scrollbarColor: c.lineStrong, scrollbarColorHover: c.control,
      closeIconColor: c.text2, closeIconColorHover: c.text1, closeIconColorPressed: c.text1, clearColor: c.text3, clearColorHover: c.text2, clearColorPressed: c.text1,
      boxShadow1: 'none', boxShadow2: c.shadow, boxShadow3: c.shadow,
      cubicBezierEaseInOut: 'cubic-bezier(.2, 0, 0, 1)',
    },
    Button: {
      fontWeight: '400', paddingMedium: `0 ${px(14)}`,
      colorPrimary: c.primary, colorHoverPrimary: c.primaryHover, colorPressedPrimary: c.primaryPressed, colorFocusPrimary: c.primary, colorDisabledPrimary: c.primary,
      borderPrimary: `1px solid ${c.primary}`, borderHoverPrimary: `1px solid ${c.primaryHover}`, borderPressedPrimary: `1px solid ${c.primaryPressed}`, borderFocusPrimary: `1px solid ${c.accent}`, borderDisabledPrimary: `1px solid ${c.primary}`,
      textColorPrimary: c.onPrimary, textColorHoverPrimary: c.onPrimary, textColorPressedPrimary: c.onPrimary, textColorFocusPrimary: c.onPrimary, textColorDisabledPrimary: c.onPrimary,
      textColorError: '#FFFFFF', textColorHoverError: '#FFFFFF', textColorPressedError: '#FFFFFF', textColorFocusError: '#FFFFFF',
      colorError: c.offlineFill, colorHoverError: c.offlineFill, colorPressedError: c.offlineFill, colorFocusError: c.offlineFill,
      borderError: `1px solid ${c.offlineFill}`, textColorText: c.accent, textColorTextHover: c.accent, border: `1px solid ${c.lineStrong}`,
    },
    Input: { border: `1px solid ${c.control}`, borderHover: `1px solid ${c.accent}`, borderFocus: `1px solid ${c.accent}`, boxShadowFocus: `0 0 0 2px ${soft(c.accent)}` },
    InternalSelection: { border: `1px solid ${c.control}`, borderHover: `1px solid ${c.accent}`, borderActive: `1px solid ${c.accent}`, borderFocus: `1px solid ${c.accent}` },
    Card: { borderColor: c.line, paddingMedium: `${px(12)} ${px(16)}`, titleFontSizeMedium: px(14), titleFontWeight: '600', borderRadius: px(8) },
    DataTable: { thColor: c.surface, thTextColor: c.text2, thFontWeight: '400', tdPaddingSmall: `${px(6)} ${px(12)}`, thPaddingSmall: `${px(6)} ${px(12)}`, borderColor: c.line, fontSizeSmall: px(13) },
    Tabs: { tabTextColorLine: c.text2, tabTextColorActiveLine: c.text1, tabTextColorHoverLine: c.text1, barColor: c.accent, tabFontWeightActive: '600', tabGapMediumLine: px(20) },
    Tag: {
      borderRadius: px(4), border: 'none', color: c.field, colorBordered: c.field, textColor: c.text2,
      borderSuccess: 'none', colorSuccess: soft(c.online), colorBorderedSuccess: soft(c.online), borderWarning: 'none', colorWarning: soft(c.degraded), colorBorderedWarning: soft(c.degraded),
      borderError: 'none', colorError: soft(c.offline), colorBorderedError: soft(c.offline), borderInfo: 'none', colorInfo: soft(c.accent), colorBorderedInfo: soft(c.accent),
    },
    Radio: { buttonColor: c.field, buttonColorActive: c.active, buttonTextColorActive: c.text1, buttonBorderColor: c.field, buttonBorderColorActive: c.active, buttonBorderColorHover: c.active, buttonBoxShadowHover: 'none' },
    Steps: { headerTextColorFinish: c.text2, headerTextColorWait: c.text3, headerTextColorProcess: c.text1 },
    Alert: { border: 'none', borderWarning: 'none', colorWarning: soft(c.degraded), borderError: 'none', colorError: soft(c.offline), borderInfo: 'none', colorInfo: soft(c.accent), borderSuccess: 'none', colorSuccess: soft(c.online), titleTextColorWarning: c.text1, fontSize: px(14) },
    Tooltip: { color: theme === 'dark' ? c.active : c.text1, textColor: theme === 'dark' ? c.text1 : '#FFFFFF', padding: `${px(6)} ${px(10)}`, borderRadius: px(4) },
    Drawer: { color: c.raised, bodyPadding: px(16), headerPadding: `${px(12)} ${px(16)}`, titleFontSize: px(16) },
    Dialog: { borderRadius: px(8), padding: px(20), titleFontSize: px(16) },
    Progress: { fillColor: c.primary, railColor: c.lineStrong, railHeight: px(4) },
    Tree: { nodeHeight: px(28), nodeColorHover: c.field, nodeColorActive: c.active, nodeTextColor: c.text1 },
    Slider: { fillColor: c.accent, fillColorHover: c.accent, railColor: c.lineStrong, railColorHover: c.lineStrong, railHeight: px(4), handleSize: px(14) },
  }
}
