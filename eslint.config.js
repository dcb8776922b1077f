import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

/** The environment is read in one place, so that a setting has one name, one check and one default. */
const environment = {
  object: 'process',
  property: 'env',
  message: 'Read settings with loadSettings() of core/settings/settings.ts.',
};

export default ts.config(
  { ignores: ['dist/', '.reprise/', 'schemas/types.ts', 'examples/'] },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: globals.node,
      parserOptions: {
        project: ['tsconfig.json', 'frontend/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-properties': ['error', environment],
      'prefer-const': ['error', { destructuring: 'all' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Numbers and booleans read well in templates.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // An implementation of an asynchronous interface may have its result at once.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
      // A class that loses its `this` fails at once on its private fields; object literals need none.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['frontend/**'],
    languageOptions: { globals: globals.browser },
    rules: {
      'no-console': ['error', { allow: ['warn', 'error'] }],
      // The parts of deck.gl's shaders have no types.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      // High-rate data stays outside of Svelte's state, on purpose: one version number moves per frame.
      'svelte/prefer-svelte-reactivity': 'off',
      // The rule reads the reason behind an ignored warning as further warnings; svelte-check does not.
      'svelte/no-unused-svelte-ignore': 'off',
    },
  },
  {
    // svelte-check checks the types of components; here it would take a minute.
    files: ['**/*.svelte', '**/*.svelte.ts'],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { parserOptions: { parser: ts.parser, project: null } },
  },
  {
    files: ['core/settings/settings.ts', 'test/**', 'bench/**', 'scripts/**', 'bin/**', '**/*.mjs'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['bench/**', 'scripts/**'], rules: { 'no-console': 'off' } },
  {
    // Tests assert the members of bodies instead of typing them.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    // tsc checks plain JavaScript through its JSDoc; the typed rules would report its `any`s.
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [ts.configs.disableTypeChecked],
  },
);
