using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;
using System.Management.Automation.Host;
using QedTools.Shell.Input;

namespace QedTools.Shell.Hosting;

/// <summary>A question with a few answers, each with its key: what -Confirm asks.</summary>
internal sealed class ChoiceQuestion(TerminalOutput output, UserInput input)
{
    private const string HelpKey = "?";

    /// <summary>Asks until one of the choices is given; Enter takes the default, if there is one (-1: none).</summary>
    public int Ask(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        ArgumentNullException.ThrowIfNull(choices);
        ArgumentOutOfRangeException.ThrowIfZero(choices.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(defaultChoice, choices.Count);

        input.DemandUser(message);
        List<(string Key, string Name, string Help)> answers = [.. choices.Select(Answer)];
        output.WriteQuestionHeading(caption, message);
        string question = Question(answers, defaultChoice);
        while (true)
        {
            string given = input.ReadAnswer(question).Trim();
            if (given.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }

            int choice = answers.FindIndex(answer => Means(given, answer.Key) || Means(given, answer.Name));
            if (choice >= 0)
            {
                return choice;
            }

            if (given == HelpKey)
            {
                foreach ((string key, _, string help) in answers)
                {
                    output.WriteQuestion($"{key} - {help}{Environment.NewLine}");
                }
            }
        }
    }

    private static string Question(List<(string Key, string Name, string Help)> answers, int defaultChoice)
    {
        IEnumerable<string> offers = answers.Select((answer, index) =>
            index == defaultChoice
                ? Style.Colored(Style.Emphasis, $"[{answer.Key}] {answer.Name}")
                : $"[{answer.Key}] {answer.Name}");
        string byDefault = defaultChoice >= 0 ? $" (default is \"{answers[defaultChoice].Key}\")" : string.Empty;
        return $"{string.Join("  ", offers)}  [{HelpKey}] Help{byDefault}: ";
    }

    /// <summary>A label marks its key with an ampersand, as in "Yes to &amp;All".</summary>
    private static (string Key, string Name, string Help) Answer(ChoiceDescription choice)
    {
        int mark = choice.Label.IndexOf('&', StringComparison.Ordinal);
        if (mark < 0 || mark + 1 >= choice.Label.Length)
        {
            return (choice.Label, choice.Label, choice.HelpMessage);
        }

        string key = choice.Label.Substring(mark + 1, 1).ToUpperInvariant();
        return (key, choice.Label.Remove(mark, 1), choice.HelpMessage);
    }

    private static bool Means(string given, string answer)
        => string.Equals(given, answer, StringComparison.OrdinalIgnoreCase);
}
