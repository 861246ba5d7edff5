import { describe, expect, it } from 'vitest'
import { whyGuarded } from '../../../../agent/src/policy/guardedVariables.ts'

const guarded = {
  'of the loader and the C library':
    'LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_DEBUG_OUTPUT LD_BIND_NOT LD_X _RLD_LIST GLIBC_TUNABLES GCONV_PATH GETCONF_DIR LOCPATH NLSPATH TZDIR MALLOC_CHECK_ MALLOC_TRACE HOSTALIASES RES_OPTIONS RESOLV_HOST_CONF LOCALDOMAIN TERMINFO',
  'that decide which programs and settings are found':
    'PATH HOME SHELL CDPATH XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_DATA_DIRS TMPDIR TMP TEMP',
  'of shells':
    'ENV BASH_ENV BASH_FUNC_ls BASH_XTRACEFD BASH_LOADABLES_PATH BASHOPTS SHELLOPTS IFS PS0 PS1 PS4 PROMPT_COMMAND ZDOTDIR FPATH INPUTRC',
  'of Python':
    'PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONINSPECT PYTHONUSERBASE PYTHONWARNINGS PIP_INDEX_URL',
  'of Perl': 'PERL5LIB PERL5OPT PERL5DB PERLLIB PERLIO_DEBUG PERL_MB_OPT',
  'of Ruby': 'RUBYLIB RUBYOPT GEM_HOME GEM_PATH BUNDLE_GEMFILE BUNDLER_ORIG_PATH FACTERLIB',
  'of Node.js':
    'NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE npm_config_script_shell NPM_CONFIG_GIT nPm_CoNfIg_x',
  'of Java':
    'JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH JAVA_HOME MAVEN_OPTS CATALINA_OPTS ES_JAVA_OPTS',
  'of other interpreters':
    'PHPRC PHP_INI_SCAN_DIR LUA_INIT LUA_INIT_5_4 DOTNET_STARTUP_HOOKS R_PROFILE ERL_FLAGS AWKPATH',
  'of git':
    'GIT_SSH GIT_SSH_COMMAND GIT_EXEC_PATH GIT_CONFIG GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_GLOBAL GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND GIT_TEMPLATE_DIR GIT_DIR GIT_TRACE GIT_ASKPASS',
  'that name programs':
    'EDITOR VISUAL PAGER GIT_EDITOR KUBE_EDITOR SYSTEMD_PAGER MANPAGER AWS_PAGER LESSOPEN LESSCLOSE LESS SSH_ASKPASS SUDO_ASKPASS BROWSER RSYNC_RSH CVS_RSH TAR_OPTIONS',
  'of a bus that starts its peer': 'DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS',
  'of builds':
    'MAKEFLAGS MAKEFILES GNUMAKEFLAGS CC CXX LDFLAGS GOFLAGS RUSTC_WRAPPER PKG_CONFIG CMAKE_PREFIX_PATH C_INCLUDE_PATH CARGO_HOME GCC_EXEC_PREFIX',
  'of libraries and tools':
    'OPENSSL_CONF OPENSSL_MODULES GIO_EXTRA_MODULES KRB5_CONFIG ODBCINI SSH_SK_PROVIDER AWS_CONFIG_FILE KUBECONFIG DOCKER_CONFIG ANSIBLE_CONFIG PSQLRC APT_CONFIG DEBCONF_SYSTEMRC NEEDRESTART_UI TF_DATA_DIR MAGICK_CONFIGURE_PATH',
}

describe('guarded variables', () => {
  it.each(Object.entries(guarded))('are those %s', (_, names) => {
    const open = names.split(' ').filter((name) => whyGuarded(name, '') === undefined)
    expect(open).toEqual([])
  })

  it('are not what commands need every day', () => {
    const names =
      'APP_ENV VERSION NODE_ENV RAILS_ENV GREETING LANG LC_ALL TZ TERM USER LOGNAME DEBIAN_PRIORITY NEEDRESTART_MODE TF_VAR_image CI GIT_COMMIT GIT_BRANCH GIT_AUTHOR_NAME http_proxy HTTPS_PROXY NO_PROXY AWS_REGION AWS_PROFILE XDG_RUNTIME_DIR DOCKER_HOST path env EXPATH LDAP_URL ENVIRONMENT HOMEPAGE OLD_ENV A_LD_PRELOAD'
    const closed = names.split(' ').filter((name) => whyGuarded(name, 'x') !== undefined)
    expect(closed).toEqual([])
  })

  it.each([
    ['LANG', 'en_GB.UTF-8', false],
    ['LANGUAGE', '../../tmp/catalogue', true],
    ['LANGUAGE', 'de:en', false],
    ['LC_MESSAGES', '/tmp/x', true],
    ['LC_ALL', '%n%n', true],
    ['TERM', '../x', true],
    ['TERM', 'xterm-256color', false],
    ['TZ', 'Europe/Berlin', false],
    ['TZ', '/tmp/zone', true],
    ['TZ', ':/tmp/zone', true],
    ['TZ', 'Europe/../../../tmp/zone', true],
    ['DEBIAN_FRONTEND', 'noninteractive', false],
    ['DEBIAN_FRONTEND', 'Noninteractive; system("id")', true],
    ['TZ', 'CET-1CEST,M3.5.0,M10.5.0/3', false],
  ])('are told by the value where it may become a path: %s=%s: %s', (name, value, is) => {
    expect(whyGuarded(name, value) !== undefined).toBe(is)
  })

  it('say why they are guarded', () => {
    expect(whyGuarded('BASH_ENV', '')).toBe('makes a shell execute it, or split words otherwise')
    expect(whyGuarded('TZ', '/x')).toBe('has the path of a file as its value')
  })
})
