using System;
using System.Buffers.Binary;
using System.Text;

namespace QedTools.Serving;

/// <summary>The first part of a connection: the client chooses an export and the form of requests and replies (fixed newstyle).</summary>
/// <param name="exports">The exports.</param>
/// <param name="tls">How TLS is spoken, which is then required; null: not at all.</param>
/// <param name="isStopping">Whether the server takes no more clients.</param>
/// <param name="channel">The connection.</param>
/// <param name="input">What it receives.</param>
internal sealed class NbdHandshake(NbdExports exports, NbdTls? tls, Func<bool> isStopping, NbdChannel channel, NbdInput input)
{
    private const int ReplyHeaderBytes = 20;
    private const int PaddingBytes = 124;
    private const NbdHandshakeFlags Offered = NbdHandshakeFlags.FixedNewstyle | NbdHandshakeFlags.NoZeroes;

    private readonly byte[] _reply = new byte[ReplyHeaderBytes + 8 + NbdLimits.MaxText];
    private NbdReplyStyle _style;
    private NbdContexts _contexts;
    private NbdExport? _contextsOf;
    private bool _leavesOutZeroes;

    /// <summary>Answers until the client has chosen.</summary>
    /// <returns>What was agreed on; null if the client ended the connection.</returns>
    /// <exception cref="NbdProtocolException">The client did something that is not allowed.</exception>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public NbdSession? Run()
    {
        Greet();
        while (input.TryFill(sizeof(ulong)))
        {
            if (input.TakeUInt64() != NbdMagic.Option)
            {
                throw new NbdProtocolException("an option did not begin with the number of an option");
            }

            NbdOption option = (NbdOption)input.TakeUInt32();
            uint length = input.TakeUInt32();
            bool isUseless = tls is not null && !channel.IsEncrypted && option is not (NbdOption.StartTls or NbdOption.Abort);
            if (isUseless && option == NbdOption.ExportName)
            {
                throw new NbdProtocolException("it chose an export without TLS, which is required");
            }

            if (option == NbdOption.Abort)
            {
                Skip(option, length);
                Reply(option, NbdOptionReply.Ack);
                return null;
            }

            if (isUseless || length > NbdLimits.MaxOptionData)
            {
                Skip(option, length);
                Reply(option, isUseless ? NbdOptionReply.TlsRequired : IsKnown(option) ? NbdOptionReply.TooBig : NbdOptionReply.Unsupported);
                continue;
            }

            byte[] data = length == 0 ? [] : new byte[length];
            input.Read(data, 0, data.Length);

            if (Answer(option, data) is { } session)
            {
                return session;
            }
        }

        return null;
    }

    private void Greet()
    {
        BinaryPrimitives.WriteUInt64BigEndian(_reply, NbdMagic.Greeting);
        BinaryPrimitives.WriteUInt64BigEndian(_reply.AsSpan(8), NbdMagic.Option);
        BinaryPrimitives.WriteUInt16BigEndian(_reply.AsSpan(16), (ushort)Offered);
        channel.Send(_reply, 0, 18);
        uint flags = input.TakeUInt32();
        if ((flags & ~(uint)Offered) != 0)
        {
            throw new NbdProtocolException("it answered the greeting with flags that were not offered");
        }

        if (tls is not null && (flags & (uint)NbdHandshakeFlags.FixedNewstyle) == 0)
        {
            throw new NbdProtocolException("it cannot begin TLS, which is required");
        }

        _leavesOutZeroes = (flags & (uint)NbdHandshakeFlags.NoZeroes) != 0;
    }

    private static bool IsKnown(NbdOption option) => option is NbdOption.ExportName or NbdOption.Abort or NbdOption.List or NbdOption.StartTls
        or NbdOption.Info or NbdOption.Go or NbdOption.StructuredReply or NbdOption.ListMetaContext or NbdOption.SetMetaContext or NbdOption.ExtendedHeaders;

    private void Skip(NbdOption option, uint length)
    {
        if (length > NbdLimits.MaxSkippedOption || option == NbdOption.ExportName)
        {
            throw new NbdProtocolException("an option was longer than any that is allowed");
        }

        input.Skip(length);
    }

    private NbdSession? Answer(NbdOption option, byte[] data)
    {
        if (isStopping())
        {
            if (option == NbdOption.ExportName)
            {
                throw new NbdProtocolException("it chose an export of a server that is about to end");
            }

            Reply(option, NbdOptionReply.Shutdown);
            return null;
        }

        switch (option)
        {
            case NbdOption.ExportName:
                return ChooseByName(data);
            case NbdOption.List:
                List(data);
                return null;
            case NbdOption.StartTls:
                StartTls(data);
                return null;
            case NbdOption.Info:
                Describe(option, data);
                return null;
            case NbdOption.Go:
                return Describe(option, data) is { } export ? SessionOf(export) : null;
            case NbdOption.StructuredReply:
            case NbdOption.ExtendedHeaders:
                SetStyle(option, data);
                return null;
            case NbdOption.ListMetaContext:
            case NbdOption.SetMetaContext:
                ChooseContexts(option, data);
                return null;
            default:
                Reply(option, NbdOptionReply.Unsupported);
                return null;
        }
    }

    private NbdSession SessionOf(NbdExport export) => new(export, _style, _contextsOf == export ? _contexts : NbdContexts.None);

    private NbdSession ChooseByName(byte[] name)
    {
        if (_style == NbdReplyStyle.Extended)
        {
            throw new NbdProtocolException("it asked for extended headers and then chose an export in the old way");
        }

        NbdExport export = exports.Find(name) ?? throw new NbdProtocolException("it chose an export that does not exist");
        Span<byte> answer = _reply;
        answer.Slice(0, 10 + PaddingBytes).Clear();
        BinaryPrimitives.WriteUInt64BigEndian(answer, (ulong)export.Size);
        BinaryPrimitives.WriteUInt16BigEndian(answer.Slice(8), (ushort)export.FlagsIn(_style));
        channel.Send(_reply, 0, _leavesOutZeroes ? 10 : 10 + PaddingBytes);
        return SessionOf(export);
    }

    private void List(byte[] data)
    {
        if (data.Length > 0)
        {
            Reply(NbdOption.List, NbdOptionReply.Invalid);
            return;
        }

        foreach (NbdExport export in exports.All)
        {
            BinaryPrimitives.WriteUInt32BigEndian(ReplyData, (uint)export.Name.Length);
            export.Name.CopyTo(ReplyData.Slice(4));
            Reply(NbdOption.List, NbdOptionReply.Server, 4 + export.Name.Length);
        }

        Reply(NbdOption.List, NbdOptionReply.Ack);
    }

    private void StartTls(byte[] data)
    {
        if (tls is null)
        {
            Reply(NbdOption.StartTls, NbdOptionReply.Policy);
            return;
        }

        if (channel.IsEncrypted || data.Length > 0)
        {
            Reply(NbdOption.StartTls, NbdOptionReply.Invalid);
            return;
        }

        // What is sent in the clear must not count as sent under TLS.
        if (input.HasMore)
        {
            throw new NbdProtocolException("it sent something between the request for TLS and its answer");
        }

        Reply(NbdOption.StartTls, NbdOptionReply.Ack);
        channel.StartTls(tls);
        _style = NbdReplyStyle.Simple;
        (_contexts, _contextsOf) = (NbdContexts.None, null);
    }

    private NbdExport? Describe(NbdOption option, byte[] data)
    {
        NbdOptionData fields = new(data);
        ReadOnlySpan<byte> name = fields.TakeText();
        int count = fields.TakeUInt16();
        bool wantsName = false;
        bool wantsBlockSize = false;
        for (int i = 0; i < count; i++)
        {
            NbdInfo wanted = (NbdInfo)fields.TakeUInt16();
            wantsName |= wanted == NbdInfo.Name;
            wantsBlockSize |= wanted == NbdInfo.BlockSize;
        }

        if (!fields.IsComplete)
        {
            Reply(option, NbdOptionReply.Invalid);
            return null;
        }

        if (exports.Find(name) is not { } export)
        {
            Reply(option, NbdOptionReply.Unknown);
            return null;
        }

        BinaryPrimitives.WriteUInt16BigEndian(ReplyData, (ushort)NbdInfo.Export);
        BinaryPrimitives.WriteUInt64BigEndian(ReplyData.Slice(2), (ulong)export.Size);
        BinaryPrimitives.WriteUInt16BigEndian(ReplyData.Slice(10), (ushort)export.FlagsIn(_style));
        Reply(option, NbdOptionReply.Info, 12);
        if (wantsName)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ReplyData, (ushort)NbdInfo.Name);
            export.Name.CopyTo(ReplyData.Slice(2));
            Reply(option, NbdOptionReply.Info, 2 + export.Name.Length);
        }

        if (wantsBlockSize)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ReplyData, (ushort)NbdInfo.BlockSize);
            BinaryPrimitives.WriteUInt32BigEndian(ReplyData.Slice(2), NbdLimits.MinBlock);
            BinaryPrimitives.WriteUInt32BigEndian(ReplyData.Slice(6), NbdLimits.PreferredBlock);
            BinaryPrimitives.WriteUInt32BigEndian(ReplyData.Slice(10), NbdLimits.MaxPayload);
            Reply(option, NbdOptionReply.Info, 14);
        }

        Reply(option, NbdOptionReply.Ack);
        return export;
    }

    private void SetStyle(NbdOption option, byte[] data)
    {
        if (data.Length > 0)
        {
            Reply(option, NbdOptionReply.Invalid);
            return;
        }

        if (option == NbdOption.StructuredReply && _style == NbdReplyStyle.Extended)
        {
            Reply(option, NbdOptionReply.ExtendedHeadersRequired);
            return;
        }

        _style = option == NbdOption.StructuredReply ? NbdReplyStyle.Structured : NbdReplyStyle.Extended;
        Reply(option, NbdOptionReply.Ack);
    }

    private void ChooseContexts(NbdOption option, byte[] data)
    {
        bool isList = option == NbdOption.ListMetaContext;
        if (!isList)
        {
            (_contexts, _contextsOf) = (NbdContexts.None, null);
        }

        NbdOptionData fields = new(data);
        ReadOnlySpan<byte> name = fields.TakeText();
        uint count = fields.TakeUInt32();
        NbdContexts chosen = isList && count == 0 ? NbdContexts.Allocation | NbdContexts.AllocationDepth : NbdContexts.None;
        bool isValid = _style != NbdReplyStyle.Simple;
        for (uint i = 0; i < count && !fields.IsShort; i++)
        {
            isValid &= NbdMetaContexts.TryFind(fields.TakeText(), isList, out NbdContexts found);
            chosen |= found;
        }

        if (!isValid || !fields.IsComplete)
        {
            Reply(option, NbdOptionReply.Invalid);
            return;
        }

        if (exports.Find(name) is not { } export)
        {
            Reply(option, NbdOptionReply.Unknown);
            return;
        }

        foreach ((NbdContexts context, byte[] contextName) in NbdMetaContexts.All)
        {
            if ((chosen & context) != 0)
            {
                BinaryPrimitives.WriteUInt32BigEndian(ReplyData, isList ? 0 : (uint)context);
                contextName.CopyTo(ReplyData.Slice(4));
                Reply(option, NbdOptionReply.MetaContext, 4 + contextName.Length);
            }
        }

        if (!isList)
        {
            (_contexts, _contextsOf) = (chosen, export);
        }

        Reply(option, NbdOptionReply.Ack);
    }

    private Span<byte> ReplyData => _reply.AsSpan(ReplyHeaderBytes);

    /// <summary>Sends a reply whose data is in <see cref="ReplyData"/>, or an error with a text.</summary>
    private void Reply(NbdOption option, NbdOptionReply type, int length = 0)
    {
        if (TextOf(type) is { } text)
        {
            length = Encoding.UTF8.GetBytes(text, 0, text.Length, _reply, ReplyHeaderBytes);
        }

        Span<byte> header = _reply;
        BinaryPrimitives.WriteUInt64BigEndian(header, NbdMagic.OptionReply);
        BinaryPrimitives.WriteUInt32BigEndian(header.Slice(8), (uint)option);
        BinaryPrimitives.WriteUInt32BigEndian(header.Slice(12), (uint)type);
        BinaryPrimitives.WriteUInt32BigEndian(header.Slice(16), (uint)length);
        channel.Send(_reply, 0, ReplyHeaderBytes + length);
    }

    private static string? TextOf(NbdOptionReply type) => type switch
    {
        NbdOptionReply.Policy => "This server does not speak TLS.",
        NbdOptionReply.Invalid => "The data of the option is not valid, or the option is not valid now.",
        NbdOptionReply.TlsRequired => "This server requires TLS.",
        NbdOptionReply.Unknown => "There is no export of that name.",
        NbdOptionReply.Shutdown => "The server is about to end.",
        NbdOptionReply.TooBig => "The option is longer than this server allows.",
        NbdOptionReply.ExtendedHeadersRequired => "Extended headers were agreed on already.",
        _ => null,
    };
}
