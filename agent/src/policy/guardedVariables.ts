/** Variables of one kind, by which a program executes or trusts what is not its own. */
interface GuardedKind {
  /** Completes the sentence "This variable …", and says why the kind is here. */
  readonly why: string
  /** Names; `*` stands for anything. */
  readonly names: string
  /** Names among them that are harmless and common. */
  readonly except?: string
  /** Whether small and capital letters are the same in these names. */
  readonly anyCase?: true
}

/** Where a rule must name a variable, the reader has to find out from here why: one sentence per kind. */
const kinds: readonly GuardedKind[] = [
  {
    // What the C library ignores in set-user-ID programs, and more of the same.
    why: 'makes the loader or the C library load code, catalogues or settings from files',
    names: `LD_* _RLD* GLIBC_TUNABLES GCONV_PATH GETCONF_DIR LOCPATH MUSL_LOCPATH NLSPATH PATH_LOCALE TEXTDOMAINDIR TZDIR
      MALLOC_* HOSTALIASES LOCALDOMAIN NIS_PATH RES_OPTIONS RESOLV_* TERMINFO TERMINFO_DIRS TERMPATH TERMCAP`,
  },
  {
    why: 'decides which programs are found, or which settings they read',
    names: 'PATH HOME SHELL CDPATH FPATH XDG_CONFIG_* XDG_DATA_* XDG_CACHE_HOME XDG_STATE_HOME',
  },
  {
    why: 'decides where programs put files that they read again',
    names: 'TMPDIR TMP TEMP TEMPDIR TMPPREFIX',
  },
  {
    why: 'makes a shell execute it, or split words otherwise',
    names: `ENV BASH_* BASHOPTS SHELLOPTS IFS PS0 PS1 PS2 PS3 PS4 PROMPT_COMMAND GLOBIGNORE EXECIGNORE INPUTRC ZDOTDIR NULLCMD
      READNULLCMD`,
  },
  { why: 'makes Python execute or import other code', names: 'PYTHON* PIP_* UV_* PYTEST_*' },
  { why: 'makes Perl execute or import other code', names: 'PERL*' },
  {
    why: 'makes Ruby execute or load other code',
    names: 'RUBY* GEM_* BUNDLE_* BUNDLER_* RAKE* IRBRC FACTERLIB',
  },
  {
    why: 'makes Node.js execute or load other code',
    names: 'NODE_* TS_NODE_* ELECTRON_*',
    except: 'NODE_ENV',
  },
  {
    why: 'decides what npm and its kin execute',
    names: 'NPM_CONFIG_* YARN_* COREPACK_* BUN_*',
    anyCase: true,
  },
  {
    why: 'makes a Java virtual machine load other code',
    names:
      '*JAVA_OPT* JAVA_TOOL_OPTIONS JDK_* JAVA_HOME JRE_HOME CLASSPATH *_OPTS MAVEN_ARGS MAVEN_HOME GRADLE_* ANT_*',
  },
  {
    why: 'makes an interpreter load other code',
    names: `PHPRC PHP_INI_* LUA_* TCLLIBPATH TCL_LIBRARY AWKPATH AWKLIBPATH R_* JULIA_* ERL_* ELIXIR_* GUILE_* EMACS* VIMINIT
      EXINIT VIM VIMRUNTIME NVIM* DOTNET_* CORECLR_* COR_* COMPlus_*`,
  },
  {
    why: 'makes a library load modules',
    names: `OPENSSL_* GIO_* GTK_* QT_PLUGIN_PATH GST_* KRB5* SASL_* ODBC* SSH_SK_* SSH_PKCS11_* LIBMYSQL_* MYSQL_HOME MAGICK_* GS_* GDAL_* QEMU_*`,
  },
  {
    why: 'makes git execute programs, hooks or settings of another place',
    names: 'GIT_*',
    except: 'GIT_AUTHOR_* GIT_COMMITTER_* GIT_TERMINAL_PROMPT GIT_BRANCH GIT_COMMIT GIT_SHA GIT_TAG GIT_REF',
  },
  {
    why: 'names a program that others start',
    names: `*EDITOR EDITOR VISUAL FCEDIT *PAGER BROWSER LESS* MORE MANOPT *ASKPASS* *_RSH RSYNC_CONNECT_PROG SVN_SSH HG* CVS*
      SYSTEMD_* DBUS_* TAR_OPTIONS ZIPOPT MAILCAPS SCREENRC SYSSCREENRC`,
  },
  {
    why: 'decides what a build executes',
    names: `MAKE* MFLAGS GNUMAKEFLAGS CC CXX CPP LD AR AS *FLAGS COMPILER_PATH GCC_* LIBRARY_PATH RUSTC* RUSTUP_* CARGO_* GOROOT
      GOPATH GOENV GOTOOLCHAIN GOWORK CGO_* PKG_CONFIG* CMAKE_* CPATH *_INCLUDE_PATH NIX_*`,
  },
  {
    why: 'names settings in which a tool finds programs to execute',
    names: `AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE KUBECONFIG KUBECTL_* HELM_* DOCKER_CONFIG CONTAINERS_* ANSIBLE_* TF_CLI_*
      CLOUDSDK_* TF_DATA_DIR TF_PLUGIN_* GNUPGHOME APT_CONFIG DPKG_* DEBCONF_* NEEDRESTART_UI RPM_* CURL_HOME WGETRC PSQLRC PSQL_* PGSYSCONFDIR PGSERVICEFILE COMPOSER_*`,
  },
]

/** Variables that are harmless and common with plain values only. */
const plainOnly: ReadonlyArray<{ readonly names: RegExp; readonly value: RegExp; readonly why: string }> = [
  {
    names: /^(LANG|LANGUAGE|LINGUAS|LC_.*|TERM|COLORTERM)$/,
    value: /[/%]/,
    why: 'has a part of a path as its value',
  },
  // Those of the system have a slash, are not absolute, and do not lead upwards.
  { names: /^TZ$/, value: /^:?\/|\.\./, why: 'has the path of a file as its value' },
  // debconf has Perl evaluate it.
  { names: /^DEBIAN_FRONTEND$/, value: /[^A-Za-z]/, why: 'has a value that is no name of a front end' },
]

const compiled = kinds.map(({ why, names, except = '', anyCase }) => ({
  why,
  names: oneOf(names, anyCase === true ? 'i' : ''),
  except: oneOf(except, ''),
}))

/**
 * Why a variable is guarded: with it, a caller who may run one command can make it execute another. A policy lets it pass only
 * where a rule names it exactly; a pattern, even `LD_*`, does not name it.
 * @returns a phrase that follows the name of the variable; undefined for the other variables
 */
export function whyGuarded(name: string, value: string): string | undefined {
  const kind = compiled.find(({ names, except }) => names.test(name) && !except.test(name))
  if (kind !== undefined) return kind.why
  return plainOnly.find((it) => it.names.test(name) && it.value.test(value))?.why
}

function oneOf(words: string, flags: string): RegExp {
  const names = words
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll('*', '.*'))
  return new RegExp(`^(?:${names.join('|')})$`, flags)
}
