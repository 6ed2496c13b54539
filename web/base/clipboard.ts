/** Text onto the clipboard. `navigator.clipboard` is only there over https; a hidden field does it elsewhere. */
export async function copyText(text: string): Promise<boolean> {
  if (globalThis.isSecureContext && 'clipboard' in navigator) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false, // refused by the browser: the caller says so
    )
  }
  const field = document.createElement('textarea')
  field.value = text
  field.style.position = 'fixed'
  field.style.opacity = '0'
  document.body.append(field)
  field.select()
  const isCopied = document.execCommand('copy')
  field.remove()
  return isCopied
}
