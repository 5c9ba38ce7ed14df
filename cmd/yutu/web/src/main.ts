import { createApp } from 'vue'
import './styles/tokens.css'
import './styles/base.css'
import './styles/element.css'
import './styles/form.css'
import App from './App.vue'
import { address, go, onAddress, startAddress } from './state/address'
import { preferredLang, setLang } from './i18n'

startAddress()
setLang(address.lang ?? preferredLang())
if (!address.lang) go({ lang: preferredLang() }, 'replace')
onAddress(() => setLang(address.lang ?? preferredLang()))
createApp(App).mount('#app')
