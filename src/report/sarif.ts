import type { Diagnostic, Label } from '../model/diagnostic.ts';
import type { Json } from '../model/json.ts';
import { jsonDocument } from './escape/json.ts';

type JsonObject = { readonly [key: string]: Json };

/** Diagnostics as SARIF 2.1.0, which code hosts show on the lines they are about. */
export function sarif(diagnostics: readonly Diagnostic[], version: string): string {
  const rules = [...new Set(diagnostics.map(({ code }) => code))].sort();
  return jsonDocument({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'muster',
            version,
            rules: rules.map((id) => ({ id, shortDescription: { text: id.replaceAll('-', ' ') } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((each) => resultOf(each, rules.indexOf(each.code))),
      },
    ],
  });
}

function resultOf(diagnostic: Diagnostic, ruleIndex: number): JsonObject {
  const { severity, code, message, detail = [], remedy, labels } = diagnostic;
  const text = [message, ...detail, ...(remedy === undefined ? [] : [remedy])].join('\n');
  const [first, ...others] = labels;
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text },
    locations: first === undefined ? [] : [locationOf(first)],
    ...(others.length === 0
      ? {}
      : { relatedLocations: others.map((label, id) => ({ id, ...locationOf(label) })) }),
  };
}

function locationOf({ file, line, column, endLine, endColumn, text }: Label): JsonObject {
  return {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(file), uriBaseId: '%SRCROOT%' },
      region: {
        startLine: line,
        startColumn: column,
        ...(endLine === undefined ? {} : { endLine }),
        ...(endColumn === undefined ? {} : { endColumn }),
      },
    },
    ...(text === undefined ? {} : { message: { text } }),
  };
}
