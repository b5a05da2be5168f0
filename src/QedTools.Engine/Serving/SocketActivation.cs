using System;
using System.Globalization;

namespace QedTools.Serving;

/// <summary>A listening socket that the process was started with (LISTEN_FDS of systemd, which nbdcopy and others use too).</summary>
internal static class SocketActivation
{
    private const string CountVariable = "LISTEN_FDS";
    private const string ProcessVariable = "LISTEN_PID";
    private const string NamesVariable = "LISTEN_FDNAMES";
    private const int FirstDescriptor = 3;

    /// <summary>Takes the socket, once: programs that this process starts must not believe that it is theirs.</summary>
    /// <param name="processId">The ID of this process.</param>
    /// <returns>Its number; null if there is none, or more than one.</returns>
    public static int? Take(int processId)
    {
        int? found = Find(processId);
        foreach (string name in (string[])[CountVariable, ProcessVariable, NamesVariable])
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        return found;
    }

    /// <summary>The socket that could be taken.</summary>
    /// <param name="processId">The ID of this process.</param>
    /// <returns>Its number; null if there is none, or more than one.</returns>
    public static int? Find(int processId) => Number(ProcessVariable) == processId && Number(CountVariable) == 1 ? FirstDescriptor : null;

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
