using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace QedTools.Sessions;

/// <summary>The servers that each session has started. They end with it.</summary>
internal static class SessionServers
{
    // They look like wildcards: the brackets around an IPv6 address, and the question mark before the path of a socket.
    private static readonly Regex AddressParts = new(@"(?<=://)\[[0-9a-fA-F:.%]+\]|\?(?=socket=)", RegexOptions.CultureInvariant);

    private static readonly ConditionalWeakTable<Runspace, List<QedNbdServer>> Sessions = new();

    /// <summary>Remembers a server of this thread's session.</summary>
    public static void Add(QedNbdServer server)
    {
        if (Runspace.DefaultRunspace is not { } session)
        {
            return;
        }

        List<QedNbdServer> servers = Sessions.GetValue(session, Follow);
        lock (servers)
        {
            servers.Add(server);
        }
    }

    /// <summary>Forgets a server of this thread's session; does nothing about others.</summary>
    public static void Remove(QedNbdServer server)
    {
        if (Of(Runspace.DefaultRunspace) is { } servers)
        {
            lock (servers)
            {
                servers.Remove(server);
            }
        }
    }

    /// <summary>The servers of this thread's session whose address matches a pattern, in the order in which they were started.</summary>
    /// <param name="pattern">The pattern; a server's own address always matches.</param>
    /// <exception cref="QedServerNotFoundException">There is none, and the pattern has no wildcards.</exception>
    public static IReadOnlyList<QedNbdServer> Matching(string pattern)
    {
        QedNbdServer[] all = All();
        string escaped = AddressParts.Replace(pattern, part => WildcardPattern.Escape(part.Value));
        WildcardPattern wildcard = new(escaped, WildcardOptions.IgnoreCase);
        QedNbdServer[] found = [.. all.Where(server => server.Uri == pattern || wildcard.IsMatch(server.Uri))];
        return found.Length > 0 || WildcardPattern.ContainsWildcardCharacters(escaped) ? found : throw new QedServerNotFoundException(pattern);
    }

    /// <summary>All servers of this thread's session, but those that another session has stopped.</summary>
    public static QedNbdServer[] All()
    {
        if (Of(Runspace.DefaultRunspace) is not { } servers)
        {
            return [];
        }

        lock (servers)
        {
            servers.RemoveAll(server => server.State == QedNbdServerState.Stopped);
            return [.. servers];
        }
    }

    private static List<QedNbdServer>? Of(Runspace? session) =>
        session is not null && Sessions.TryGetValue(session, out List<QedNbdServer>? servers) ? servers : null;

    private static List<QedNbdServer> Follow(Runspace session)
    {
        List<QedNbdServer> servers = [];
        session.StateChanged += (_, change) =>
        {
            if (change.RunspaceStateInfo.State is RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken)
            {
                EndAll(servers);
            }
        };
        return servers;
    }

    private static void EndAll(List<QedNbdServer> servers)
    {
        QedNbdServer[] all;
        lock (servers)
        {
            all = [.. servers];
            servers.Clear();
        }

        foreach (QedNbdServer server in all)
        {
            server.Dispose();
        }
    }
}
