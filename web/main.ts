import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { installMessages } from './base/i18n.ts'
import { applyLayout } from './base/layout.ts'
import { applyTheme } from './base/theme.ts'
import { messages } from './messages.ts'
import { createAppRouter } from './router.ts'
import './ui/base.css'

installMessages(messages)
applyTheme()
applyLayout()
createApp(App).use(createPinia()).use(createAppRouter()).mount('#app')
