import {
  type Button,
  provideVSCodeDesignSystem,
  type TextField,
  vsCodeButton,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit'
import { element, setAttributes } from './dom.ts'
import { type IconName, icon } from './icons.ts'

// The toolkit is no longer maintained, so it is used only here, behind two factories.
provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeTextField())

export interface ButtonOptions {
  readonly label: string
  readonly icon?: IconName
  readonly kind?: 'primary' | 'secondary' | 'icon'
  /** An icon button that shows its label, too, where there is room. */
  readonly isNamed?: boolean
  /** More than the label says; also for an icon button, whose label is not visible. */
  readonly hint?: string
  onPress(): void
}

/** A button. With the kind `icon` it shows only the icon, and its label is its accessible name. */
export function button({
  label,
  icon: name,
  kind = 'secondary',
  isNamed,
  hint,
  onPress,
}: ButtonOptions): HTMLElement {
  const made = document.createElement('vscode-button') as Button
  made.setAttribute('appearance', kind)
  if (kind === 'icon') {
    made.setAttribute('aria-label', label)
    made.title = hint ?? label
    if (name !== undefined) made.append(icon(name))
    if (isNamed === true) {
      made.classList.add('named')
      made.append(element('span', { class: 'icon-label' }, label))
    }
  } else {
    if (name !== undefined) {
      const start = icon(name)
      start.setAttribute('slot', 'start')
      made.append(start)
    }
    made.append(label)
    if (hint !== undefined) made.title = hint
  }
  made.addEventListener('click', onPress)
  return made
}

export function enable(control: HTMLElement, enabled: boolean): void {
  setAttributes(control, { disabled: !enabled })
}

/** Whether a button that stays pressed is. */
export function press(control: HTMLElement, pressed: boolean): void {
  setAttributes(control, { 'aria-pressed': pressed ? 'true' : 'false' })
  control.classList.toggle('pressed', pressed)
  if (!passOnPressed(control)) observeFirstRendering(control)
}

/** To the button inside, which has the focus: the toolkit does not. False while there is none. */
function passOnPressed(control: HTMLElement): boolean {
  const inner = control.shadowRoot?.querySelector('button')
  inner?.setAttribute('aria-pressed', control.getAttribute('aria-pressed') ?? 'false')
  return inner !== null && inner !== undefined
}

function observeFirstRendering(control: HTMLElement): void {
  if (control.shadowRoot === null) return
  new MutationObserver((_, observer) => {
    if (passOnPressed(control)) observer.disconnect()
  }).observe(control.shadowRoot, { childList: true, subtree: true })
}

export interface TextFieldOptions {
  readonly label: string
  readonly placeholder: string
  readonly icon: IconName
  onInput(text: string): void
  onKey?(event: KeyboardEvent): void
}

export interface TextFieldControl {
  readonly element: HTMLElement
  value(): string
  set(text: string): void
  focus(): void
  /** Marks the text as not valid; the sentence says why. */
  invalid(problem: string | undefined): void
}

export function textField(options: TextFieldOptions): TextFieldControl {
  const made = document.createElement('vscode-text-field') as TextField
  made.setAttribute('placeholder', options.placeholder)
  const start = icon(options.icon)
  start.setAttribute('slot', 'start')
  // The toolkit names the field by its text, and would overwrite an `aria-label` of ours. The style hides the text.
  made.append(start, options.label)
  made.addEventListener('input', () => options.onInput(made.value))
  made.addEventListener('keydown', (event) => options.onKey?.(event))
  return {
    element: made,
    value: () => made.value ?? '',
    set: (text) => {
      made.value = text
    },
    focus: () => made.focus(),
    invalid: (problem) => {
      made.classList.toggle('invalid', problem !== undefined)
      setAttributes(made, { 'aria-invalid': problem !== undefined && 'true', title: problem })
    },
  }
}
