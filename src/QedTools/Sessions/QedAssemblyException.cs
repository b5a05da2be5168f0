using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using QedTools.Commands;
using QedTools.Sessions;

namespace QedTools;

/// <summary>A library that QedTools needs is missing, or another module has loaded a different version of it.</summary>
public sealed class QedAssemblyException : QedException
{
    private QedAssemblyException(string path, string message, Exception cause)
        : base(path, message, cause)
    {
    }

    /// <summary>Translates an exception; null if it is not about a library of the module.</summary>
    internal static QedAssemblyException? ForCause(string path, Exception error)
    {
        Exception cause = error is TypeInitializationException { InnerException: { } inner } ? inner : error;
        if (!AssemblyErrors.IsOne(cause))
        {
            return null;
        }

        foreach (AssemblyName wanted in Named(cause) is { } named ? [named] : Shipped())
        {
            Assembly? loaded = AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(
                assembly => assembly.GetName() is var name && name.Name == wanted.Name && name.Version != wanted.Version);
            if (loaded is not null)
            {
                return new QedAssemblyException(path, Messages.AssemblyConflict(path, wanted, loaded.GetName(), LocationOf(loaded)), cause);
            }
        }

        return Named(cause) is { } missing
            ? new QedAssemblyException(path, Messages.AssemblyMissing(path, missing, cause.Message), cause)
            : null;
    }

    // The exception for a missing type or method does not name the library that should have had it.
    private static AssemblyName? Named(Exception cause)
    {
        string? name = cause switch
        {
            FileLoadException error => error.FileName,
            FileNotFoundException error => error.FileName,
            BadImageFormatException error => error.FileName,
            _ => null,
        };
        try
        {
            return name is null || System.IO.Path.IsPathRooted(name) ? null : new AssemblyName(name!);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            return null;
        }
    }

    private static IEnumerable<AssemblyName> Shipped() => new[] { typeof(QedCommand).Assembly, typeof(QedException).Assembly }
        .SelectMany(assembly => assembly.GetReferencedAssemblies())
        .Where(reference => File.Exists(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(typeof(QedCommand).Assembly.Location)!, reference.Name + ".dll")));

    // An assembly loaded from memory has no location.
    private static string LocationOf(Assembly assembly) => assembly.Location is { Length: > 0 } location ? location : "memory";
}
