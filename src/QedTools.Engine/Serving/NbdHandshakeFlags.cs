using System;

namespace QedTools.Serving;

/// <summary>What the server offers in its greeting; the client answers with the same bits.</summary>
[Flags]
internal enum NbdHandshakeFlags : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Options are answered (NBD_FLAG_FIXED_NEWSTYLE).</summary>
    FixedNewstyle = 1,

    /// <summary>The 124 zeroes after the answer to <see cref="NbdOption.ExportName"/> are left out (NBD_FLAG_NO_ZEROES).</summary>
    NoZeroes = 2,
}
