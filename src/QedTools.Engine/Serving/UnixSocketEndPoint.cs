using System.Net;
using System.Net.Sockets;
using System.Text;

namespace QedTools.Serving;

/// <summary>The address of a Unix socket. The framework's own type is missing from the older target.</summary>
/// <param name="path">The path of the socket.</param>
internal sealed class UnixSocketEndPoint(string path) : EndPoint
{
    /// <summary>The longest path, in bytes: what the smallest host allows, with the zero at its end.</summary>
    public const int MaxPathBytes = 103;

    private const int FamilyBytes = 2;

    public override AddressFamily AddressFamily => AddressFamily.Unix;

    public override SocketAddress Serialize()
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        SocketAddress address = new(AddressFamily.Unix, FamilyBytes + name.Length + 1);
        for (int i = 0; i < name.Length; i++)
        {
            address[FamilyBytes + i] = name[i];
        }

        return address;
    }

    public override EndPoint Create(SocketAddress socketAddress) => new UnixSocketEndPoint(path);
}
