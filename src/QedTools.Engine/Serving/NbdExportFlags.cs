using System;

namespace QedTools.Serving;

/// <summary>What can be done with an export (the transmission flags, NBD_FLAG_...).</summary>
[Flags]
internal enum NbdExportFlags : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Always set.</summary>
    HasFlags = 1 << 0,

    /// <summary>It cannot be written to.</summary>
    ReadOnly = 1 << 1,

    /// <summary><see cref="NbdCommand.Flush"/> is supported.</summary>
    SendFlush = 1 << 2,

    /// <summary><see cref="NbdCommandFlags.ForceUnitAccess"/> is supported.</summary>
    SendFua = 1 << 3,

    /// <summary><see cref="NbdCommand.Trim"/> is supported.</summary>
    SendTrim = 1 << 5,

    /// <summary><see cref="NbdCommand.WriteZeroes"/> is supported.</summary>
    SendWriteZeroes = 1 << 6,

    /// <summary><see cref="NbdCommandFlags.DoNotFragment"/> is supported.</summary>
    SendDoNotFragment = 1 << 7,

    /// <summary>What one connection flushes includes what others have written.</summary>
    CanMultiConnect = 1 << 8,

    /// <summary><see cref="NbdCommand.Cache"/> is supported.</summary>
    SendCache = 1 << 10,

    /// <summary><see cref="NbdCommandFlags.FastZero"/> is supported.</summary>
    SendFastZero = 1 << 11,
}
