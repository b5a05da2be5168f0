using System;
using System.Management.Automation.Host;

namespace QedTools.Shell.Hosting;

/// <summary>
/// The screen as PowerShell sees it: its size decides how wide tables are. Reading it back is not supported.
/// </summary>
internal sealed class ShellRawUserInterface(TerminalOutput output) : PSHostRawUserInterface
{
    /// <summary>What a terminal's own colours are, it does not tell; as in pwsh, -1 stands for them.</summary>
    private const ConsoleColor Unknown = (ConsoleColor)(-1);

    /// <inheritdoc/>
    public override ConsoleColor ForegroundColor { get; set; } = Unknown;

    /// <inheritdoc/>
    public override ConsoleColor BackgroundColor { get; set; } = Unknown;

    /// <inheritdoc/>
    public override Size BufferSize
    {
        get => WindowSize;
        set => throw NotSupported();
    }

    /// <inheritdoc/>
    public override Size WindowSize
    {
        get => new(Terminal.Width, Terminal.Height);
        set => throw NotSupported();
    }

    /// <inheritdoc/>
    public override Size MaxWindowSize => WindowSize;

    /// <inheritdoc/>
    public override Size MaxPhysicalWindowSize => WindowSize;

    /// <inheritdoc/>
    public override Coordinates WindowPosition
    {
        get => default;
        set => throw NotSupported();
    }

    /// <inheritdoc/>
    public override Coordinates CursorPosition
    {
        get => Console.IsOutputRedirected ? default : new Coordinates(Console.CursorLeft, Console.CursorTop);
        set => Console.SetCursorPosition(value.X, value.Y);
    }

    /// <inheritdoc/>
    public override int CursorSize
    {
        get => 25;
        set => throw NotSupported();
    }

    /// <inheritdoc/>
    public override string WindowTitle
    {
        get => string.Empty;
        set
        {
            if (output.Terminal.OutputMovesCursor)
            {
                Console.Title = value;
            }
        }
    }

    /// <inheritdoc/>
    public override bool KeyAvailable => !Console.IsInputRedirected && Console.KeyAvailable;

    /// <inheritdoc/>
    public override void FlushInputBuffer()
    {
        while (KeyAvailable)
        {
            Console.ReadKey(intercept: true);
        }
    }

    /// <inheritdoc/>
    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        ConsoleKeyInfo key = Console.ReadKey(options.HasFlag(ReadKeyOptions.NoEcho));
        return new KeyInfo((int)key.Key, key.KeyChar, ControlKeys(key.Modifiers), keyDown: true);
    }

    /// <summary>Clears the whole screen; this is the one use PowerShell's own functions make of it.</summary>
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
        if (rectangle is not { Left: -1, Top: -1, Right: -1, Bottom: -1 })
        {
            throw NotSupported();
        }

        Console.Clear();
    }

    /// <inheritdoc/>
    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw NotSupported();

    /// <inheritdoc/>
    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw NotSupported();

    /// <inheritdoc/>
    public override void ScrollBufferContents(
        Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill)
        => throw NotSupported();

    private static ControlKeyStates ControlKeys(ConsoleModifiers modifiers)
        => (modifiers.HasFlag(ConsoleModifiers.Shift) ? ControlKeyStates.ShiftPressed : 0)
            | (modifiers.HasFlag(ConsoleModifiers.Alt) ? ControlKeyStates.LeftAltPressed : 0)
            | (modifiers.HasFlag(ConsoleModifiers.Control) ? ControlKeyStates.LeftCtrlPressed : 0);

    private static NotSupportedException NotSupported()
        => new("This shell prints to the terminal and does not manage its screen.");
}
