using System;
using System.Reflection;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace QedTools.Shell.Commands;

/// <summary>
/// Gives a Format- command the engine's formatter. The base classes of these commands are public, but the formatter
/// they delegate to is not, hence reflection; the engine's version is fixed by the package reference, so what it finds
/// does not change under it.
/// </summary>
internal static class EngineFormatter
{
    private const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic;

    /// <summary>Attaches the formatter for a shape: Table or List.</summary>
    public static void Attach(FrontEndCommandBase command, string shape)
    {
        const string room = "Microsoft.PowerShell.Commands.Internal.Format.";
        Assembly engine = typeof(FrontEndCommandBase).Assembly;
        Type formatter = engine.GetType(room + "InnerFormatShapeCommand", throwOnError: true)!;
        object shapeValue = Enum.Parse(engine.GetType(room + "FormatShape", throwOnError: true)!, shape);
        object instance = Activator.CreateInstance(formatter, Internal, binder: null, [shapeValue], culture: null)!;
        FieldInfo field = typeof(FrontEndCommandBase).GetField("implementation", Internal)
            ?? throw new MissingFieldException(nameof(FrontEndCommandBase), "implementation");
        field.SetValue(command, instance);
    }
}
