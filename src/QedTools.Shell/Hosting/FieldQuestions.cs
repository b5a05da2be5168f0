using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using QedTools.Shell.Input;

namespace QedTools.Shell.Hosting;

/// <summary>Questions for values: the mandatory parameters that a call left out, and credentials.</summary>
internal sealed class FieldQuestions(TerminalOutput output, UserInput input)
{
    /// <summary>Asks for each field in turn, as the type it must have.</summary>
    public Dictionary<string, PSObject> Ask(string caption, string message, Collection<FieldDescription> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        input.DemandUser(message);
        output.WriteQuestionHeading(caption, message);

        Dictionary<string, PSObject> values = [];
        foreach (FieldDescription field in fields)
        {
            string label = string.IsNullOrEmpty(field.Label)
                ? field.Name
                : field.Label.Replace("&", string.Empty, StringComparison.Ordinal);
            values[field.Name] = PSObject.AsPSObject(AskFor(label, TypeOf(field)));
        }

        return values;
    }

    /// <summary>Asks for a user name, unless it is given, and for the password.</summary>
    public PSCredential AskForCredential(string caption, string message, string? userName)
    {
        input.DemandUser(message);
        output.WriteQuestionHeading(caption, message);
        if (string.IsNullOrEmpty(userName))
        {
            userName = input.ReadAnswer("User: ");
        }

        SecureString password = input.ReadSecret($"Password for user {userName}: ");
        return new PSCredential(userName, password);
    }

    private static Type TypeOf(FieldDescription field)
        => Type.GetType(field.ParameterAssemblyFullName)
            ?? LanguagePrimitives.ConvertTo<Type>(field.ParameterTypeFullName);

    private object AskFor(string label, Type type)
    {
        if (type == typeof(SecureString))
        {
            return input.ReadSecret($"{label}: ");
        }

        if (type == typeof(PSCredential))
        {
            return AskForCredential(string.Empty, label, userName: null);
        }

        return type.IsArray ? AskForList(label, type.GetElementType()!) : AskForOne(label, type, emptyEnds: false)!;
    }

    private Array AskForList(string label, Type element)
    {
        List<object> items = [];
        while (AskForOne($"{label}[{items.Count}]", element, emptyEnds: true) is object item)
        {
            items.Add(item);
        }

        Array list = Array.CreateInstance(element, items.Count);
        ((System.Collections.IList)items).CopyTo(list, 0);
        return list;
    }

    /// <summary>Asks until the answer converts to the type; null for an empty answer, where that ends a list.</summary>
    private object? AskForOne(string label, Type type, bool emptyEnds)
    {
        while (true)
        {
            string answer = input.ReadAnswer($"{label}: ");
            if (emptyEnds && answer.Length == 0)
            {
                return null;
            }

            if (LanguagePrimitives.TryConvertTo(answer, type, CultureInfo.CurrentCulture, out object? value)
                && value is not null)
            {
                return value;
            }

            output.WriteErrorLine($"'{answer}' is not a value of the type {type.Name}.");
        }
    }
}
