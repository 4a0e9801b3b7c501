import { fail, type Json, type JsonObject } from '../guest/index.ts';
import { compileExpression, failExpression } from '../guest/jsonata.ts';
import type { Config, Message, Recipient } from './types.ts';

type Field = 'subject' | 'text' | 'data';

/** What says each recipient what it is told; expressions are compiled at once. Fails as `notify` documents it. */
export function messagesOf(config: Config, inputs: JsonObject): (recipient: Recipient) => Message {
  const { message } = config;
  const tell = message === undefined ? fromTemplate(config, inputs) : () => message;
  return (recipient) => {
    const told = tell(recipient);
    if (recipient.channel === 'email' && told.subject === undefined) {
      fail('message_invalid', `${recipient.label}: an email needs a subject`);
    }
    return told;
  };
}

function fromTemplate({ template, limits }: Config, inputs: JsonObject): (recipient: Recipient) => Message {
  const guarded = <Result>(field: Field, perform: () => Result): Result => {
    try {
      return perform();
    } catch (error) {
      return failExpression(error, `"template.${field}"`, { field });
    }
  };
  const compile = (field: Field) => {
    const source = template![field];
    if (source === undefined) return undefined;
    const expression = guarded(field, () => compileExpression(source, limits));
    return ({ label, channel, address }: Recipient) =>
      guarded(field, () => expression.evaluate(inputs, { recipient: { name: label, channel, address } }));
  };
  const [subject, text, data] = [compile('subject'), compile('text')!, compile('data')];
  return (recipient) => ({
    ...(subject === undefined ? {} : { subject: asText(subject(recipient), 'subject') }),
    text: asText(text(recipient), 'text'),
    ...(data === undefined ? {} : { data: data(recipient) ?? null }),
  });
}

function asText(value: Json | undefined, field: Field): string {
  if (typeof value === 'string' && value !== '') return value;
  return fail('message_invalid', `"template.${field}" gives ${JSON.stringify(value) ?? 'nothing'}, not a text`);
}
