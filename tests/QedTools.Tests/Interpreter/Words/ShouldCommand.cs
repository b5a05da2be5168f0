using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;
using System.Management.Automation;
using QedTools.Tests.Interpreter.Assertions;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>Should: the operators are its switches, made from the table of them, so that there is one list.</summary>
[Cmdlet("Assert", "PesterValue")]
public sealed class ShouldCommand : PSCmdlet, IDynamicParameters
{
    private const string Not = "Not";
    private const string Because = "Because";
    private const string ExpectedValue = "ExpectedValue";
    private const string ErrorId = "ErrorId";
    private const string ExceptionType = "ExceptionType";
    private const string PassThru = "PassThru";
    private const string Rest = "Rest";

    private readonly List<object?> _values = [];

    /// <summary>What is asserted about; through the pipeline as a rule.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public object? ActualValue { get; set; }

    private static IEnumerable<string> OperatorNames => ShouldOperators.All.Keys.Append(ThrowAssertion.Name);

    /// <inheritdoc/>
    public object GetDynamicParameters()
    {
        RuntimeDefinedParameterDictionary parameters = [];
        // All in one place: were -Because declared above, PowerShell would take -Be for short of it.
        Add<object>(
            ExpectedValue,
            new ParameterAttribute { Position = 0 },
            "ExpectedMessage",
            "RegularExpression",
            "ExpectedType");
        Add<object[]>(Rest, new ParameterAttribute { ValueFromRemainingArguments = true });
        Add<object>(Because);
        Add<string>(ErrorId);
        Add<Type>(ExceptionType);
        Add<SwitchParameter>(Not);
        Add<SwitchParameter>(PassThru);
        foreach (string name in OperatorNames)
        {
            Add<SwitchParameter>(name);
        }

        return parameters;

        void Add<T>(string name, ParameterAttribute? attribute = null, params string[] aliases)
        {
            Collection<Attribute> attributes =
                [attribute ?? new ParameterAttribute(), new AliasAttribute(aliases), new AllowNullAttribute()];
            parameters.Add(name, new RuntimeDefinedParameter(name, typeof(T), attributes));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _values.Add(ActualValue);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        string name = OperatorName();
        bool negated = IsSet(Not);
        object? expected = Bound(ExpectedValue);
        string because = Reason(Bound(Because));

        if (name == ThrowAssertion.Name)
        {
            ThrowAssertion assertion = new(
                LanguagePrimitives.ConvertTo<string>(expected), (string?)Bound(ErrorId), (Type?)Bound(ExceptionType));
            foreach (object? value in _values)
            {
                ScriptScope scope = new(SessionState, InvokeCommand);
                Fail(assertion.Check(value, negated, because, scope, out ErrorRecord? error));
                if (IsSet(PassThru))
                {
                    WriteObject(error);
                }
            }

            return;
        }

        ShouldOperator check = ShouldOperators.All[name];
        // Nothing piped is $null for an operator that looks at single values.
        IEnumerable<object?> actuals = check.TakesCollection ? [_values.ToArray()] : _values.DefaultIfEmpty();
        foreach (object? actual in actuals)
        {
            Fail(check.Check(actual, expected, negated, because, SessionState));
        }
    }

    private static string Reason(object? because)
    {
        string text = (LanguagePrimitives.ConvertTo<string>(because) ?? "").Trim();
        string start = text.StartsWith("because ", StringComparison.Ordinal) ? "" : "because ";
        return text.Length == 0 ? "" : $" {start}{text},";
    }

    private string OperatorName()
    {
        if (Bound(Rest) is object[] { Length: > 0 } rest)
        {
            string list = string.Join(", ", OperatorNames.Order().Select(name => $"-{name}"));
            throw new PesterException($"Should does not know '{rest[0]}'; its operators here are {list}.");
        }

        string[] names = [.. OperatorNames.Where(IsSet)];
        return names is [var single]
            ? single
            : throw new PesterException(
                $"Should needs one operator and got {names.Length}: {string.Join(", ", names)}");
    }

    private object? Bound(string parameter) => MyInvocation.BoundParameters.GetValueOrDefault(parameter);

    private bool IsSet(string parameter) => Bound(parameter) is SwitchParameter { IsPresent: true };

    private void Fail(string? message)
    {
        if (message is not null)
        {
            ThrowTerminatingError(new ErrorRecord(
                new PesterException(message), "PesterAssertionFailed", ErrorCategory.InvalidResult, null));
        }
    }
}
